import type { Latchkey } from "./connect.js";
import { succeeded } from "./error.js";

/** What Azure's packages call `AccessToken`. */
export type AccessToken = {
  token: string;
  /** Milliseconds since 1970. */
  expiresOnTimestamp: number;
  tokenType: "Bearer";
};

/** What of Azure's `GetTokenOptions` matters here. */
export type GetTokenOptions = { abortSignal?: AbortSignal | AbortSignalLike };

/** Azure's packages have a type of their own, older than the platform's. */
type AbortSignalLike = {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: (this: AbortSignalLike, event: unknown) => unknown): void;
};

/** A token is replaced so many milliseconds before its end. */
const renewBefore = 60_000;

/**
 * Access tokens for Microsoft Graph of one account key, for whatever takes a `TokenCredential`. It remembers the
 * last token until that is about to expire. Where the key can't serve, it throws a `LatchkeyError` that says why
 * and what to do.
 *
 * The scopes that are asked for don't matter: the key's own were settled when it was authorized.
 */
export class LatchkeyCredential {
  readonly #latchkey: Latchkey;
  readonly #accountKeyId: string;
  #held: AccessToken | undefined;
  #fetching: Promise<AccessToken> | undefined;

  constructor(latchkey: Latchkey, accountKeyId: string) {
    this.#latchkey = latchkey;
    this.#accountKeyId = accountKeyId;
  }

  async getToken(_scopes?: string | string[], options: GetTokenOptions = {}): Promise<AccessToken> {
    if (this.#held && this.#held.expiresOnTimestamp - renewBefore > Date.now()) return this.#held;
    this.#fetching ??= this.#fetch().finally(() => (this.#fetching = undefined));
    return untilAborted(this.#fetching, options.abortSignal);
  }

  async #fetch(): Promise<AccessToken> {
    const { accessToken, expiresAt } = succeeded(
      await this.#latchkey.POST("/api/v1/account-keys/{id}/access-token", {
        params: { path: { id: this.#accountKeyId } },
        body: {},
      }),
    );
    this.#held = { token: accessToken, expiresOnTimestamp: Date.parse(expiresAt), tokenType: "Bearer" };
    return this.#held;
  }
}

function untilAborted<T>(what: Promise<T>, signal: GetTokenOptions["abortSignal"]): Promise<T> {
  if (!signal) return what;
  const reason = () => new DOMException("The token is no longer wanted.", "AbortError");
  if (signal.aborted) return Promise.reject(reason());
  return new Promise((resolve, reject) => {
    const like: AbortSignalLike = signal;
    like.addEventListener("abort", () => reject(reason()));
    what.then(resolve, reject);
  });
}
