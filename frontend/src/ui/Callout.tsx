import { cva } from "class-variance-authority";
import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

export type Tone = "neutral" | "accent" | "success" | "warning" | "danger";

const box = cva("flex gap-3 rounded-md border px-3.5 py-3", {
  variants: {
    tone: {
      neutral: "border-line bg-sunken",
      accent: "border-accent-line bg-accent-soft",
      success: "border-success-line bg-success-soft",
      warning: "border-warning-line bg-warning-soft",
      danger: "border-danger-line bg-danger-soft",
    },
  },
});

/** The icon of a tone, beside text. */
export const toneMark = cva("mt-px size-5 shrink-0", {
  variants: {
    tone: {
      neutral: "text-muted",
      accent: "text-accent-ink",
      success: "text-success",
      warning: "text-warning",
      danger: "text-danger",
    },
  },
});

const icons = {
  neutral: Info,
  accent: Info,
  success: CircleCheck,
  warning: TriangleAlert,
  danger: CircleAlert,
};

type CalloutProps = {
  tone?: Tone;
  title?: ReactNode;
  children?: ReactNode;
  /** Buttons or links that answer what the callout says. */
  actions?: ReactNode;
  /** True when it appears in answer to something: it is then read out at once. */
  live?: boolean;
};

/** A message that belongs to a part of the page. */
export function Callout({ tone = "neutral", title, children, actions, live }: CalloutProps) {
  const Icon = icons[tone];
  return (
    <div role={live ? "alert" : undefined} className={box({ tone })}>
      <Icon aria-hidden="true" className={toneMark({ tone })} />
      <div className="grid min-w-0 gap-1 text-pretty wrap-anywhere">
        {title && <p className="font-semibold">{title}</p>}
        {children}
        {actions && <div className="mt-2 flex flex-wrap gap-2">{actions}</div>}
      </div>
    </div>
  );
}
