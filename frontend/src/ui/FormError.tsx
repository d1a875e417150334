import type { FormProblem } from "@/lib/form";
import { explain } from "@/lib/explain";
import { Callout } from "./Callout";

/** What the server said about a form as a whole; belongs right above its button. */
export function FormError({ problem }: { problem: FormProblem }) {
  if (!problem) return null;
  const { title, detail, fix, requestId } = explain(problem.error);
  return (
    <div>
      <Callout tone="danger" title={title} live>
        {problem.unplaced.length > 0 ? (
          <ul className="list-inside list-disc">
            {problem.unplaced.map((field) => (
              <li key={`${field.field} ${field.code}`}>{field.message}</li>
            ))}
          </ul>
        ) : (
          detail && <p>{detail}</p>
        )}
        {fix && <p>{fix}</p>}
        {requestId && <p className="font-mono text-xs text-muted">{requestId}</p>}
      </Callout>
    </div>
  );
}
