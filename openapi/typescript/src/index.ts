/**
 * The TypeScript client of Latchkey: every operation of its API, typed by the contract, and a credential that
 * fits wherever Azure's `TokenCredential` does, without depending on Azure's packages.
 */
export { connect, type Latchkey, type LatchkeyOptions } from "./connect.js";
export { LatchkeyCredential, type AccessToken, type GetTokenOptions } from "./credential.js";
export { LatchkeyError, succeeded } from "./error.js";
export type * from "./schema.gen.js";
