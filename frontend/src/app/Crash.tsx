import { useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { isProblem } from "@/api/problem";
import { t } from "@/i18n/t";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { useDocumentTitle } from "@/ui/PageHeader";
import { EmptyState, ErrorState } from "@/ui/States";
import { TriangleAlert } from "lucide-react";

/** A page that could not be loaded, or that broke. The shell around it stays. */
export function Crash({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  useDocumentTitle(t("error.title"));
  if (isProblem(error)) {
    const retry = () => {
      reset();
      void router.invalidate();
    };
    return (
      <Card>
        <ErrorState error={error} onRetry={retry} />
      </Card>
    );
  }
  return (
    <Card>
      <EmptyState
        icon={TriangleAlert}
        title={t("error.crashed")}
        action={<Button onClick={() => window.location.reload()}>{t("error.reload")}</Button>}
      >
        {t("error.crashedDetail")}
      </EmptyState>
    </Card>
  );
}
