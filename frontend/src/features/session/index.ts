export { AccountSection } from "./AccountSection";
export { email, personName } from "./schema";
