import { CircleAlert, Lock, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { isProblem } from "@/api/problem";
import { t } from "@/i18n/t";
import { explain } from "@/lib/explain";
import { Button } from "./Button";
import { Card } from "./Card";
import { PageHeader } from "./PageHeader";

type EmptyStateProps = { icon: LucideIcon; title: string; children?: ReactNode; action?: ReactNode };

/** There is nothing yet, or nothing that matches: what this place is for, and the way to fill it. */
export function EmptyState({ icon: Icon, title, children, action }: EmptyStateProps) {
  return (
    <div className="grid justify-items-center gap-2 px-6 py-14 text-center">
      <span className="mb-2 grid size-14 place-items-center rounded-full bg-accent-soft text-accent-ink">
        <Icon aria-hidden="true" className="size-7" />
      </span>
      <h2 className="text-lg font-semibold">{title}</h2>
      {children && <div className="max-w-md text-pretty text-muted">{children}</div>}
      {action && <div className="mt-3">{action}</div>}
    </div>
  );
}

/** Reading failed: why, the number to give to whoever runs the server, and another try. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  if (isProblem(error) && error.status === 403) return <DeniedState />;
  const { title, detail, fix } = explain(error);
  const gone = isProblem(error) && error.status === 404;
  const fields = isProblem(error) ? error.fields : [];
  const requestId = isProblem(error) && !gone ? error.requestId : "";
  return (
    <div role="alert" className="grid justify-items-center gap-2 px-6 py-14 text-center">
      <span className="mb-2 grid size-14 place-items-center rounded-full bg-danger-soft text-danger">
        <CircleAlert aria-hidden="true" className="size-7" />
      </span>
      <h2 className="text-lg font-semibold text-balance">{title}</h2>
      {(detail || fix) && (
        <p className="max-w-md text-pretty text-muted">{[detail, fix].filter(Boolean).join(" ")}</p>
      )}
      {fields.length > 0 && (
        <ul className="max-w-md text-pretty text-muted">
          {fields.map(({ field, code, message }) => (
            <li key={`${field} ${code}`}>
              <span className="font-mono text-sm">{field}</span>: {message}
            </li>
          ))}
        </ul>
      )}
      {requestId && (
        <p className="text-sm text-muted">
          {t("error.requestId")} <span className="font-mono select-all">{requestId}</span>
        </p>
      )}
      {onRetry && !gone && (
        <div className="mt-3">
          <Button onClick={onRetry}>{t("action.retry")}</Button>
        </div>
      )}
    </div>
  );
}

/** The person may not see this. */
export function DeniedState({ children }: { children?: ReactNode }) {
  return (
    <div className="grid justify-items-center gap-2 px-6 py-14 text-center">
      <span className="mb-2 grid size-14 place-items-center rounded-full bg-hover text-muted">
        <Lock aria-hidden="true" className="size-7" />
      </span>
      <h2 className="text-lg font-semibold">{t("denied.title")}</h2>
      <p className="max-w-md text-pretty text-muted">{children ?? t("denied.text")}</p>
    </div>
  );
}

/** A whole page that the person may not see. */
export function DeniedPage({ title }: { title: string }) {
  return (
    <>
      <PageHeader title={title} />
      <Card>
        <DeniedState />
      </Card>
    </>
  );
}
