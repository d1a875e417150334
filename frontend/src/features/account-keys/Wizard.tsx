import { Link } from "@tanstack/react-router";
import { cva } from "class-variance-authority";
import { useEffect, useId, useRef, type ReactNode } from "react";
import { t } from "@/i18n/t";
import { Card } from "@/ui/Card";
import { PageHeader } from "@/ui/PageHeader";
import { Stepper } from "@/ui/Stepper";

export const wizardSteps = ["type", "name", "redirect", "details", "authorize"] as const;
export type WizardStep = (typeof wizardSteps)[number];

const labels: Record<WizardStep, string> = {
  type: t("wizard.stepType"),
  name: t("wizard.stepName"),
  redirect: t("wizard.stepRedirect"),
  details: t("wizard.stepDetails"),
  authorize: t("wizard.stepAuthorize"),
};

const layout = cva("grid items-start gap-5", {
  variants: {
    beside: {
      false: "md:grid-cols-[14rem_minmax(0,1fr)]",
      true: "lg:grid-cols-[minmax(0,1fr)_26rem] lg:*:first:col-span-2",
    },
  },
});

type WizardProps = {
  title: string;
  step: WizardStep;
  /** Steps that can be gone to. */
  open?: readonly WizardStep[];
  onSelect?: (step: WizardStep) => void;
  actions?: ReactNode;
  /** Stands beside the step on wide screens, and over it on narrow ones. */
  aside?: ReactNode;
  children: ReactNode;
};

/** The frame that all steps share. Going to another step takes the focus there, unless something in it has it. */
export function Wizard({ title, step, open = [], onSelect, actions, aside, children }: WizardProps) {
  const at = wizardSteps.indexOf(step);
  const steps = wizardSteps.map((id, index) => ({ id, label: labels[id], done: index < at }));
  const beside = Boolean(aside);
  const nameId = useId();
  const body = useRef<HTMLDivElement>(null);
  const shown = useRef(step);
  useEffect(() => {
    if (shown.current === step) return;
    shown.current = step;
    if (!body.current?.contains(document.activeElement)) body.current?.focus({ preventScroll: true });
  }, [step]);
  return (
    <>
      <PageHeader
        title={title}
        back={<Link to="/account-keys">{t("accountKeys.title")}</Link>}
        actions={actions}
      />
      <div className={layout({ beside })}>
        <Stepper
          steps={steps}
          current={step}
          onSelect={onSelect}
          canSelect={(id) => open.includes(id)}
          compact={beside}
          nameId={nameId}
        />
        <Card>
          <div
            ref={body}
            role="group"
            tabIndex={-1}
            // Not the label of the step: fields in it go by that name.
            aria-label={t("wizard.stepOf", { number: at + 1, total: steps.length })}
            aria-describedby={nameId}
            className="grid gap-5"
          >
            {children}
          </div>
        </Card>
        {aside}
      </div>
    </>
  );
}
