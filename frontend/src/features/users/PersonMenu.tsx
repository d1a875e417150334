import { Ellipsis } from "lucide-react";
import { useState } from "react";
import { useDeleteUser, useUpdateUser, type User } from "@/api/users";
import { t } from "@/i18n/t";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { Menu, MenuItem, MenuSeparator } from "@/ui/Menu";
import { toast } from "@/ui/toast";
import { ChangeRoleDialog } from "./ChangeRoleDialog";

type Question = "role" | "disable" | "delete";

/** What can be done with one person. Nobody disables or deletes themselves: another administrator does. */
export function PersonMenu({ user, self }: { user: User; self: boolean }) {
  const [asking, setAsking] = useState<Question | null>(null);
  const update = useUpdateUser();
  const remove = useDeleteUser();
  const close = () => setAsking(null);
  const { name } = user;

  async function setDisabled(disabled: boolean) {
    await update.mutateAsync({ id: user.id, disabled });
    toast.success(disabled ? t("users.didDisable", { name }) : t("users.didEnable", { name }));
  }

  async function deletePerson() {
    await remove.mutateAsync(user.id);
    toast.success(t("users.didDelete", { name }));
  }

  return (
    <>
      <Menu
        trigger={
          <Button variant="subtle" size="icon" aria-label={t("action.moreFor", { name })}>
            <Ellipsis aria-hidden="true" className="size-5" />
          </Button>
        }
      >
        <MenuItem onClick={() => setAsking("role")}>{t("users.changeRole")}</MenuItem>
        {!self && user.disabled && (
          <MenuItem onClick={() => void setDisabled(false).catch(toast.error)}>{t("users.enable")}</MenuItem>
        )}
        {!self && !user.disabled && (
          <MenuItem onClick={() => setAsking("disable")}>{t("users.disable")}</MenuItem>
        )}
        {!self && <MenuSeparator />}
        {!self && (
          <MenuItem danger onClick={() => setAsking("delete")}>
            {t("users.delete")}
          </MenuItem>
        )}
      </Menu>
      <ChangeRoleDialog user={user} open={asking === "role"} onClose={close} />
      <ConfirmDialog
        open={asking === "disable"}
        onClose={close}
        title={t("users.disableTitle", { name })}
        confirmLabel={t("users.disable")}
        danger
        onConfirm={() => setDisabled(true)}
      >
        <p>{t("users.disableText")}</p>
      </ConfirmDialog>
      <ConfirmDialog
        open={asking === "delete"}
        onClose={close}
        title={t("users.deleteTitle", { name })}
        confirmLabel={t("users.delete")}
        danger
        onConfirm={deletePerson}
      >
        <p>{t("users.deleteText")}</p>
      </ConfirmDialog>
    </>
  );
}
