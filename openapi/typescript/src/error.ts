import type { components } from "./schema.gen.js";

type Problem = components["schemas"]["Problem"];

/** A refusal. `code` is stable, and what programs decide by; `message` and `fix` are sentences for people. */
export class LatchkeyError extends Error {
  override readonly name = "LatchkeyError";
  readonly code: string;
  readonly status: number;
  readonly fix: string;
  /** By which Latchkey's log knows the request. */
  readonly requestId: string;
  readonly fields: NonNullable<Problem["errors"]>;

  constructor(status: number, problem: Partial<Problem>) {
    super(problem.detail ?? `Latchkey answered ${status}.`);
    this.code = problem.code ?? "unexpected_answer";
    this.status = status;
    this.fix = problem.fix ?? "";
    this.requestId = problem.requestId ?? "";
    this.fields = problem.errors ?? [];
  }
}

/**
 * Gives the data of an answer, or throws the {@link LatchkeyError} that it tells of.
 *
 * @example const { items } = succeeded(await latchkey.GET("/api/v1/account-keys"));
 */
export function succeeded<Data>(answer: { data?: Data; error?: unknown; response: Response }): Data {
  const { data, error, response } = answer;
  // What is no problem document, such as a proxy's page, is told by its status alone.
  if (!response.ok) throw new LatchkeyError(response.status, isProblem(error) ? error : {});
  // An answer without a body has none by its type, too.
  return data as Data;
}

function isProblem(error: unknown): error is Problem {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string";
}
