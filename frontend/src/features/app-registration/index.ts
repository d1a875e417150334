export { countFound, hidesSecret, readOutput, type FoundDetails } from "./readOutput";
export type { Way } from "./registration";
export { RegistrationGuide } from "./RegistrationGuide";
