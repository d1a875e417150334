import { ChevronLeft } from "lucide-react";
import { useEffect, type ReactNode } from "react";
import { t } from "@/i18n/t";

type PageHeaderProps = {
  title: string;
  description?: ReactNode;
  /** Shown beside the title: a status. */
  badge?: ReactNode;
  actions?: ReactNode;
  /** The way up: `<Link to="/api-clients">API Clients</Link>`. */
  back?: ReactNode;
};

/** A page's heading. Names the tab, and is where focus goes when the page is navigated to. */
export function PageHeader({ title, description, badge, actions, back }: PageHeaderProps) {
  useDocumentTitle(title);
  return (
    <header className="mb-5 grid gap-2">
      {back && (
        <div className="-ml-1 flex w-fit items-center gap-0.5 text-sm text-muted [&>a:hover]:underline">
          <ChevronLeft aria-hidden="true" className="size-4" />
          {back}
        </div>
      )}
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="grid min-w-0 gap-1">
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <h1 tabIndex={-1} className="text-2xl font-semibold text-balance wrap-anywhere">
              {title}
            </h1>
            {badge}
          </div>
          {description && <p className="max-w-prose text-pretty text-muted">{description}</p>}
        </div>
        {actions && <div className="flex flex-wrap gap-1.5 sm:gap-2">{actions}</div>}
      </div>
    </header>
  );
}

/** Names the browser tab after the page. */
export function useDocumentTitle(title: string) {
  useEffect(() => {
    document.title = t("app.documentTitle", { page: title });
  }, [title]);
}
