import type { components } from "./schema.gen";

type ProblemDocument = components["schemas"]["Problem"];

/** One mistake of the caller's, at the input that it belongs to. */
export type FieldProblem = { field: string; code: string; message: string };

/**
 * What went wrong with a request, as the server's problem document says it. A request that never reached the
 * server is a Problem too, with status 0 and code "network", so that every caller handles one kind of error.
 */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly fix: string;
  readonly requestId: string;
  readonly fields: FieldProblem[];

  constructor(document: Partial<ProblemDocument> & { status: number; code: string }) {
    super(document.detail || document.title || document.code);
    this.name = "Problem";
    this.status = document.status;
    this.code = document.code;
    this.title = document.title ?? "";
    this.detail = document.detail ?? "";
    this.fix = document.fix ?? "";
    this.requestId = document.requestId ?? "";
    this.fields = document.errors ?? [];
  }

  static async from(response: Response): Promise<Problem> {
    const document = await readDocument(response);
    return new Problem({
      ...document,
      status: response.status,
      code: document.code || (response.status >= 500 ? "internal" : `http_${response.status}`),
      requestId: document.requestId || (response.headers.get("X-Request-Id") ?? ""),
    });
  }

  static unreachable(): Problem {
    return new Problem({ status: 0, code: "network" });
  }
}

export function isProblem(error: unknown, code?: string): error is Problem {
  return error instanceof Problem && (code === undefined || error.code === code);
}

/** A proxy in between may answer with HTML or nothing: then only the status is known. */
async function readDocument(response: Response): Promise<Partial<ProblemDocument>> {
  if (!response.headers.get("Content-Type")?.includes("json")) return {};
  try {
    const body: unknown = await response.json();
    // Every member of it is read with a fallback.
    return typeof body === "object" && body !== null ? body : {};
  } catch {
    return {};
  }
}
