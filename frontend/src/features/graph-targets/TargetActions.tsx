import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Ellipsis, Pencil } from "lucide-react";
import { useState } from "react";
import { useDeleteTarget, useUpdateTarget, type Target } from "@/api/targets";
import { t } from "@/i18n/t";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { Menu, MenuItem, MenuSeparator } from "@/ui/Menu";
import { toast } from "@/ui/toast";

const route = getRouteApi("/shell/targets/$id");

/** Edit, disable, enable, delete. */
export function TargetActions({ target }: { target: Target }) {
  const [asking, setAsking] = useState<"disable" | "delete" | null>(null);
  const toEdit = route.useNavigate();
  const navigate = useNavigate();
  const update = useUpdateTarget(target.id);
  const remove = useDeleteTarget(target.id);
  const { name } = target;
  const close = () => setAsking(null);

  async function setEnabled(enabled: boolean) {
    await update.mutateAsync({ enabled });
    toast.success(enabled ? t("targets.didEnable", { name }) : t("targets.didDisable", { name }));
  }

  async function deleteTarget() {
    await remove.mutateAsync();
    toast.success(t("targets.didDelete", { name }));
    await navigate({ to: "/targets", replace: true });
  }

  return (
    <>
      <Button
        icon={<Pencil aria-hidden="true" className="size-4" />}
        onClick={() => void toEdit({ search: (before) => ({ ...before, edit: true }) })}
      >
        {t("action.edit")}
      </Button>
      <Menu
        trigger={
          <Button size="icon" aria-label={t("action.more")}>
            <Ellipsis aria-hidden="true" className="size-5" />
          </Button>
        }
      >
        {target.enabled ? (
          <MenuItem onClick={() => setAsking("disable")}>{t("targets.disable")}</MenuItem>
        ) : (
          <MenuItem onClick={() => void setEnabled(true).catch(toast.error)}>{t("targets.enable")}</MenuItem>
        )}
        <MenuSeparator />
        <MenuItem danger onClick={() => setAsking("delete")}>
          {t("action.delete")}
        </MenuItem>
      </Menu>
      <ConfirmDialog
        open={asking === "disable"}
        onClose={close}
        danger
        title={t("targets.disableTitle", { name })}
        confirmLabel={t("targets.disable")}
        onConfirm={() => setEnabled(false)}
      >
        <p>{t("targets.disableText")}</p>
      </ConfirmDialog>
      <ConfirmDialog
        open={asking === "delete"}
        onClose={close}
        danger
        // Whether programs call it isn't known: as long as they could, a slip must not be enough.
        typedName={target.enabled ? name : undefined}
        title={t("targets.deleteTitle", { name })}
        confirmLabel={t("action.delete")}
        onConfirm={deleteTarget}
      >
        {target.enabled && <p>{t("targets.deleteEnabled")}</p>}
        <p>{t("targets.deleteText")}</p>
      </ConfirmDialog>
    </>
  );
}
