import { cva } from "class-variance-authority";
import { Check } from "lucide-react";
import { t } from "@/i18n/t";

export type Step<Id extends string> = { id: Id; label: string; done: boolean };

const dot = cva("grid size-6 shrink-0 place-items-center rounded-full border text-xs font-semibold", {
  variants: {
    state: {
      done: "border-accent bg-accent text-on-accent",
      current: "border-2 border-accent bg-surface text-accent-ink",
      todo: "border-outline bg-surface text-muted",
    },
  },
});

type StepperProps<Id extends string> = {
  steps: readonly Step<Id>[];
  current: Id;
  /** Called for steps that can be gone to: the done ones and the one after them. Without it the steps only tell. */
  onSelect?: (id: Id) => void;
  canSelect?: (id: Id) => boolean;
  /** One line on wide screens too: something else stands beside the wizard. */
  compact?: boolean;
  /** The id of the current step's name, for what the step is described by. */
  nameId?: string;
};

/** Where one is in a wizard: a column beside it, or one line above it on narrow screens. */
export function Stepper<Id extends string>(props: StepperProps<Id>) {
  const { steps, current, onSelect, canSelect, compact, nameId } = props;
  const at = steps.findIndex((step) => step.id === current);
  return (
    <nav aria-label={t("stepper.label")}>
      <ol className={compact ? "flex gap-1" : "flex gap-1 md:grid md:gap-0.5"}>
        {steps.map((step, index) => {
          const state = step.id === current ? "current" : step.done ? "done" : "todo";
          const open = onSelect && step.id !== current && (canSelect?.(step.id) ?? (step.done || index < at));
          const inside = (
            <>
              <span className={dot({ state })}>
                {state === "done" ? (
                  <Check aria-hidden="true" className="size-3.5" strokeWidth={3} />
                ) : (
                  index + 1
                )}
              </span>
              <span
                className={`text-left ${compact ? "sr-only" : "max-md:sr-only"} ${state === "current" ? "font-semibold" : ""}`}
              >
                {step.label}
              </span>
              <span className="sr-only">({t(`stepper.${state}`)})</span>
            </>
          );
          return (
            <li key={step.id} aria-current={state === "current" ? "step" : undefined}>
              {open ? (
                <button
                  type="button"
                  onClick={() => onSelect(step.id)}
                  className="flex min-h-10 w-full items-center gap-3 rounded-md px-2 text-muted hover:bg-hover hover:text-ink"
                >
                  {inside}
                </button>
              ) : (
                <span
                  className={`flex min-h-10 items-center gap-3 px-2 ${state === "current" ? "text-ink" : "text-muted"}`}
                >
                  {inside}
                </span>
              )}
            </li>
          );
        })}
      </ol>
      <p id={nameId} aria-hidden="true" className={`mt-1 px-2 font-semibold ${compact ? "" : "md:hidden"}`}>
        {steps[at]?.label}
      </p>
    </nav>
  );
}
