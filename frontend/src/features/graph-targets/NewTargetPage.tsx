import { Link, useNavigate } from "@tanstack/react-router";
import { useCreateTarget } from "@/api/targets";
import { t } from "@/i18n/t";
import { useCan } from "@/lib/permissions";
import { ButtonLink } from "@/ui/Button";
import { PageHeader } from "@/ui/PageHeader";
import { DeniedPage } from "@/ui/States";
import { toast } from "@/ui/toast";
import { TargetForm } from "./TargetForm";

export function NewTargetPage() {
  const can = useCan();
  const navigate = useNavigate();
  const create = useCreateTarget();
  if (!can("targets:write")) return <DeniedPage title={t("targets.newTitle")} />;
  return (
    <>
      <PageHeader title={t("targets.newTitle")} back={<Link to="/targets">{t("targets.title")}</Link>} />
      <TargetForm
        submitLabel={t("targets.create")}
        onSubmit={async (body) => {
          const { id, name } = await create.mutateAsync(body);
          toast.success(t("targets.created", { name }));
          await navigate({ to: "/targets/$id", params: { id }, replace: true });
        }}
        cancel={<ButtonLink to="/targets">{t("action.cancel")}</ButtonLink>}
      />
    </>
  );
}
