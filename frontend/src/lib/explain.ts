import { isProblem } from "@/api/problem";
import { t } from "@/i18n/t";

/** An error in words for a person: what happened, what to do, and the number that finds it in the server's log. */
export type Explanation = { title: string; detail: string; fix: string; requestId: string };

export function explain(error: unknown): Explanation {
  if (!isProblem(error)) return { title: t("error.title"), detail: "", fix: "", requestId: "" };
  const { status, code, title, detail, fix, requestId } = error;
  if (code === "network")
    return { title: t("error.network"), detail: t("error.networkDetail"), fix: "", requestId: "" };
  if (status === 412)
    return { title: t("error.changedElsewhere"), detail: "", fix: t("error.changedElsewhereFix"), requestId };
  if (status >= 500 && !detail)
    return { title: t("error.server"), detail: t("error.serverDetail"), fix, requestId };
  // A caller's mistake explains itself: its number would be noise.
  const showNumber = status >= 500;
  return {
    title: detail || title || t("error.title"),
    detail: "",
    fix,
    requestId: showNumber ? requestId : "",
  };
}
