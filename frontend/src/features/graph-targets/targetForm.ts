import { isProblem, Problem } from "@/api/problem";
import type { Target } from "@/api/targets";
import { t } from "@/i18n/t";
import { z } from "@/lib/zod";

export type TargetBody = Pick<
  Target,
  | "name"
  | "description"
  | "accountKeyId"
  | "apiVersion"
  | "basePath"
  | "allowedMethods"
  | "allowedPaths"
  | "fixedHeaders"
  | "timeoutSeconds"
  | "enabled"
>;

export const targetSchema = z.object({
  name: z.string().trim().min(1, t("targets.nameMissing")),
  description: z.string().trim(),
  accountKeyId: z.string().min(1, t("targets.keyMissing")),
  apiVersion: z.enum(["v1.0", "beta"]),
  basePath: z.string().trim(),
  allowedMethods: z.array(z.string()).min(1, t("targets.methodsMissing")),
  /** One pattern per line. */
  allowedPaths: z.string().trim().min(1, t("targets.pathsMissing")),
  fixedHeaders: z.array(z.object({ name: z.string(), value: z.string() })),
  timeoutSeconds: z
    .string()
    .trim()
    .regex(/^\d{1,4}$/, t("targets.timeoutWrong")),
  enabled: z.boolean(),
});

export type TargetValues = z.infer<typeof targetSchema>;

/** A new target reads what its account may read, until somebody allows more. */
const empty: TargetBody = {
  name: "",
  description: "",
  accountKeyId: "",
  apiVersion: "v1.0",
  basePath: "",
  allowedMethods: ["GET"],
  allowedPaths: ["/me/**"],
  fixedHeaders: [],
  timeoutSeconds: 60,
  enabled: true,
};

export function valuesOf(target: TargetBody = empty): TargetValues {
  return {
    name: target.name,
    description: target.description,
    accountKeyId: target.accountKeyId,
    apiVersion: target.apiVersion,
    basePath: target.basePath,
    allowedMethods: target.allowedMethods,
    allowedPaths: target.allowedPaths.join("\n"),
    fixedHeaders: target.fixedHeaders.map((header) => ({ name: header.name, value: header.value })),
    timeoutSeconds: String(target.timeoutSeconds),
    enabled: target.enabled,
  };
}

const linesOf = (text: string) => text.split("\n").filter((line) => line.trim() !== "");

const isFilled = (header: { name: string; value: string }) => `${header.name}${header.value}`.trim() !== "";

/** What the server takes. Empty lines and rows are nobody's wish. */
export function bodyOf(values: TargetValues): TargetBody {
  return {
    ...values,
    allowedPaths: linesOf(values.allowedPaths).map((line) => line.trim()),
    fixedHeaders: values.fixedHeaders.filter(isFilled),
    timeoutSeconds: Number(values.timeoutSeconds),
  };
}

/** The server's refusal with its fields named as the form has them: all lines are one field, empty rows are counted. */
export function placed(error: unknown, values: TargetValues): unknown {
  if (!isProblem(error)) return error;
  const lines = linesOf(values.allowedPaths);
  const rows = values.fixedHeaders.flatMap((header, index) => (isFilled(header) ? [index] : []));
  const wrong: string[] = [];
  const others = error.fields.flatMap((problem) => {
    const path = lines[numberIn(problem.field, "allowedPaths")];
    if (path !== undefined) {
      wrong.push(t("targets.pathWrong", { path: path.trim(), message: problem.message }));
      return [];
    }
    const sent = numberIn(problem.field, "fixedHeaders");
    return [{ ...problem, field: problem.field.replace(`[${sent}]`, `.${rows[sent] ?? sent}`) }];
  });
  const paths =
    wrong.length > 0 ? [{ field: "allowedPaths", code: "invalid", message: wrong.join(" ") }] : [];
  const { status, code, title, detail, fix, requestId } = error;
  return new Problem({ status, code, title, detail, fix, requestId, errors: [...others, ...paths] });
}

/** 2 of "allowedPaths[2]". */
const numberIn = (field: string, list: string) =>
  field.startsWith(`${list}[`) ? Number.parseInt(field.slice(list.length + 1), 10) : -1;
