export { AdminConsent } from "./AdminConsent";
export { KeyList } from "./KeyList";
