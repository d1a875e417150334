import type { ComponentProps, ReactNode } from "react";
import { t } from "@/i18n/t";
import { Button } from "@/ui/Button";
import { PasswordField } from "@/ui/PasswordField";

/** A password that is being chosen, with the rule for it. */
export function NewPasswordField(props: ComponentProps<typeof PasswordField>) {
  return <PasswordField {...props} hint={t("password.rule")} autoComplete="new-password" />;
}

/** The one button of a page outside the shell. */
export function WideSubmit({ pending, children }: { pending: boolean; children: ReactNode }) {
  return (
    <div className="mt-2">
      <Button type="submit" variant="primary" size="lg" wide pending={pending}>
        {children}
      </Button>
    </div>
  );
}
