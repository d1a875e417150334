import type { ReactNode } from "react";
import { useId } from "react";

/** A surface; with `flush` its content reaches the edges (tables). */
export function Card({ flush, children }: { flush?: boolean; children: ReactNode }) {
  return (
    <div
      className={`rounded-lg border border-line bg-surface shadow-sm ${flush ? "overflow-hidden" : "p-4 sm:p-5"}`}
    >
      {children}
    </div>
  );
}

type SectionProps = {
  title: string;
  description?: ReactNode;
  actions?: ReactNode;
  /** Content reaches the card's edges (tables). */
  flush?: boolean;
  children: ReactNode;
};

/** A titled card: the unit that detail and settings pages are made of. */
export function Section({ title, description, actions, flush, children }: SectionProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="rounded-lg border border-line bg-surface shadow-sm">
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2 px-4 pt-4 sm:px-5">
        <div className="grid min-w-0 gap-0.5">
          <h2 id={id} className="text-lg font-semibold">
            {title}
          </h2>
          {description && <p className="max-w-prose text-pretty text-muted">{description}</p>}
        </div>
        {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
      </div>
      <div className={flush ? "pt-3" : "p-4 sm:p-5"}>{children}</div>
    </section>
  );
}
