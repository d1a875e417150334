import { Ellipsis } from "lucide-react";
import { useState } from "react";
import { useDeleteUser, useEndUserSessions, useUpdateUser, type User } from "@/api/users";
import { t } from "@/i18n/t";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { Menu, MenuItem, MenuSeparator } from "@/ui/Menu";
import { toast } from "@/ui/toast";
import { ChangeRoleDialog } from "./ChangeRoleDialog";
import { LinkDialog } from "./LinkDialog";

type Question = "role" | "link" | "signOut" | "disable" | "delete";

/**
 * What can be done with one person. Nobody disables or deletes themselves, or needs a link: another administrator
 * does, and their own account has its own place.
 */
export function PersonMenu({ user, self }: { user: User; self: boolean }) {
  const [asking, setAsking] = useState<Question | null>(null);
  const update = useUpdateUser();
  const remove = useDeleteUser();
  const endSessions = useEndUserSessions();
  const close = () => setAsking(null);
  const { name, status } = user;
  const invited = status === "invited";

  async function setDisabled(disabled: boolean) {
    await update.mutateAsync({ id: user.id, disabled });
    toast.success(disabled ? t("users.didDisable", { name }) : t("users.didEnable", { name }));
  }

  async function signOut() {
    await endSessions.mutateAsync(user.id);
    toast.success(t("users.didSignOut", { name }));
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
        {!self && status !== "disabled" && (
          <MenuItem onClick={() => setAsking("link")}>{t(invited ? "users.renew" : "users.reset")}</MenuItem>
        )}
        {!self && <MenuSeparator />}
        {!self && status === "active" && (
          <MenuItem onClick={() => setAsking("signOut")}>{t("users.signOut")}</MenuItem>
        )}
        {!self && user.disabled && (
          <MenuItem onClick={() => void setDisabled(false).catch(toast.error)}>{t("users.enable")}</MenuItem>
        )}
        {!self && !user.disabled && (
          <MenuItem onClick={() => setAsking("disable")}>{t("users.disable")}</MenuItem>
        )}
        {!self && (
          <MenuItem danger onClick={() => setAsking("delete")}>
            {t("users.delete")}
          </MenuItem>
        )}
      </Menu>
      <ChangeRoleDialog user={user} open={asking === "role"} onClose={close} />
      <LinkDialog
        user={user}
        what={invited ? "invitation" : "password-reset"}
        open={asking === "link"}
        onClose={close}
      />
      <ConfirmDialog
        open={asking === "signOut"}
        onClose={close}
        title={t("users.signOutTitle", { name })}
        confirmLabel={t("users.signOut")}
        onConfirm={signOut}
      >
        <p>{t("users.signOutText")}</p>
      </ConfirmDialog>
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
