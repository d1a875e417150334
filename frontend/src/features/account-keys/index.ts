export { AdminConsent } from "./AdminConsent";
