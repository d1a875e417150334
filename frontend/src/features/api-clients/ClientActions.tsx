import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { Ellipsis, Pencil } from "lucide-react";
import { useState } from "react";
import { useDeleteApiClient, useUpdateApiClient, type ApiClient } from "@/api/api-clients";
import { t } from "@/i18n/t";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { Menu, MenuItem, MenuSeparator } from "@/ui/Menu";
import { toast } from "@/ui/toast";

const route = getRouteApi("/shell/api-clients/$id");

/** Edit, disable, enable, delete. */
export function ClientActions({ client }: { client: ApiClient }) {
  const [asking, setAsking] = useState<"disable" | "delete" | null>(null);
  const toEdit = route.useNavigate();
  const navigate = useNavigate();
  const update = useUpdateApiClient(client.id);
  const remove = useDeleteApiClient(client.id);
  const { name } = client;
  const close = () => setAsking(null);

  async function setDisabled(disabled: boolean) {
    await update.mutateAsync({ disabled });
    toast.success(disabled ? t("apiClients.didDisable", { name }) : t("apiClients.didEnable", { name }));
  }

  async function deleteClient() {
    await remove.mutateAsync();
    toast.success(t("apiClients.didDelete", { name }));
    await navigate({ to: "/api-clients", replace: true });
  }

  return (
    <>
      <Button
        icon={<Pencil aria-hidden="true" className="size-4" />}
        onClick={() => void toEdit({ search: { edit: true } })}
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
        {client.disabled ? (
          <MenuItem onClick={() => void setDisabled(false).catch(toast.error)}>
            {t("apiClients.enable")}
          </MenuItem>
        ) : (
          <MenuItem onClick={() => setAsking("disable")}>{t("apiClients.disable")}</MenuItem>
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
        title={t("apiClients.disableTitle", { name })}
        confirmLabel={t("apiClients.disable")}
        onConfirm={() => setDisabled(true)}
      >
        <p>{t("apiClients.disableText")}</p>
      </ConfirmDialog>
      <ConfirmDialog
        open={asking === "delete"}
        onClose={close}
        danger
        typedName={name}
        title={t("apiClients.deleteTitle", { name })}
        confirmLabel={t("action.delete")}
        onConfirm={deleteClient}
      >
        <p>{t("apiClients.deleteText")}</p>
      </ConfirmDialog>
    </>
  );
}
