import type { ReactNode } from "react";
import { Link } from "@tanstack/react-router";
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

type WizardProps = {
  title: string;
  step: WizardStep;
  /** Steps that can be gone to. */
  open?: readonly WizardStep[];
  onSelect?: (step: WizardStep) => void;
  children: ReactNode;
};

/** The frame that all steps share. */
export function Wizard({ title, step, open = [], onSelect, children }: WizardProps) {
  const at = wizardSteps.indexOf(step);
  const steps = wizardSteps.map((id, index) => ({ id, label: labels[id], done: index < at }));
  return (
    <>
      <PageHeader title={title} back={<Link to="/account-keys">{t("accountKeys.title")}</Link>} />
      <div className="grid gap-5 md:grid-cols-[14rem_minmax(0,1fr)]">
        <Stepper steps={steps} current={step} onSelect={onSelect} canSelect={(id) => open.includes(id)} />
        <Card>
          <div className="grid max-w-2xl gap-5">{children}</div>
        </Card>
      </div>
    </>
  );
}
