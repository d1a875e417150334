export { email, newPassword, personName } from "./schema";
