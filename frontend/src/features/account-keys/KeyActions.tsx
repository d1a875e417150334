import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Ellipsis, ListChecks, RefreshCw } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import {
  keyUsage,
  useCheckAccountKey,
  useDeleteAccountKey,
  useSwitchAccountKey,
  type AccountKey,
} from "@/api/account-keys";
import type { Versioned } from "@/api/client";
import { t } from "@/i18n/t";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { Menu, MenuItem, MenuSeparator } from "@/ui/Menu";
import { toast } from "@/ui/toast";
import { SetUpLink } from "./SetUpLink";
import { useResume } from "./useResume";

const EditDialogs = lazy(() => import("./EditDialogs").then((module) => ({ default: module.EditDialogs })));
const CheckDialog = lazy(() => import("./CheckDialog").then((module) => ({ default: module.CheckDialog })));

type Asking =
  "check" | "replaced" | "rename" | "scopes" | "secret" | "link" | "suspend" | "revoke" | "delete";

/** Everything that can be done to a key. */
export function KeyActions({ accountKey }: { accountKey: Versioned<AccountKey> }) {
  const [asking, setAsking] = useState<Asking | null>(null);
  const check = useCheckAccountKey(accountKey.id);
  const suspended = accountKey.status === "suspended";
  const runCheck = (how: "check" | "replaced") => {
    check.mutate();
    setAsking(how);
  };
  const resume = useResume(accountKey);
  return (
    <>
      {!suspended && (
        <SetUpLink accountKey={accountKey} icon={<RefreshCw aria-hidden="true" className="size-4" />} />
      )}
      <Button icon={<ListChecks aria-hidden="true" className="size-4" />} onClick={() => runCheck("check")}>
        {t("check.action")}
      </Button>
      <Menu
        trigger={
          <Button size="icon" aria-label={t("key.actions")}>
            <Ellipsis aria-hidden="true" className="size-5" />
          </Button>
        }
      >
        <MenuItem onClick={() => setAsking("rename")}>{t("key.rename")}</MenuItem>
        <MenuItem onClick={() => setAsking("scopes")}>{t("key.editScopes")}</MenuItem>
        <MenuItem onClick={() => setAsking("secret")}>{t("key.replaceSecret")}</MenuItem>
        {!suspended && <MenuItem onClick={() => setAsking("link")}>{t("key.link")}</MenuItem>}
        <MenuSeparator />
        {suspended ? (
          <MenuItem onClick={() => void resume.run()}>{t("key.resume")}</MenuItem>
        ) : (
          <MenuItem onClick={() => setAsking("suspend")}>{t("key.suspend")}</MenuItem>
        )}
        {accountKey.status !== "revoked" && (
          <MenuItem danger onClick={() => setAsking("revoke")}>
            {t("key.revoke")}
          </MenuItem>
        )}
        <MenuItem danger onClick={() => setAsking("delete")}>
          {t("action.delete")}
        </MenuItem>
      </Menu>
      <Confirmations accountKey={accountKey} asking={asking} onClose={() => setAsking(null)} />
      <Suspense>
        {(asking === "check" || asking === "replaced") && (
          <CheckDialog
            accountKey={accountKey}
            check={check}
            before={asking === "replaced" ? t("key.secretReplaced") : undefined}
            onClose={() => setAsking(null)}
          />
        )}
        {(asking === "rename" || asking === "scopes" || asking === "secret" || asking === "link") && (
          <EditDialogs
            accountKey={accountKey}
            asking={asking}
            onClose={() => setAsking(null)}
            onReplaced={() => runCheck("replaced")}
          />
        )}
      </Suspense>
    </>
  );
}

type ConfirmationsProps = { accountKey: AccountKey; asking: Asking | null; onClose: () => void };

function Confirmations({ accountKey, asking, onClose }: ConfirmationsProps) {
  const navigate = useNavigate();
  const act = useSwitchAccountKey(accountKey.id);
  const remove = useDeleteAccountKey(accountKey.id);
  const usage = useQuery({ ...keyUsage(accountKey.id), enabled: asking === "delete" });
  // As long as nobody knows, somebody may.
  const used = usage.data?.consumers.length !== 0 || usage.data.targets.length !== 0;
  const name = accountKey.displayName;
  return (
    <>
      <ConfirmDialog
        open={asking === "suspend"}
        onClose={onClose}
        title={t("key.suspendTitle", { name })}
        confirmLabel={t("key.suspend")}
        onConfirm={async () => {
          await act.mutateAsync("suspend");
          toast.success(t("key.didSuspend", { name }));
        }}
      >
        <p>{t("key.suspendText")}</p>
      </ConfirmDialog>
      <ConfirmDialog
        open={asking === "revoke"}
        onClose={onClose}
        danger
        title={t("key.revokeTitle", { name })}
        confirmLabel={t("key.revoke")}
        onConfirm={async () => {
          await act.mutateAsync("revoke");
          toast.success(t("key.didRevoke", { name }));
        }}
      >
        <p>{t("key.revokeText")}</p>
      </ConfirmDialog>
      <ConfirmDialog
        open={asking === "delete"}
        onClose={onClose}
        danger
        typedName={used ? name : undefined}
        title={t("key.deleteTitle", { name })}
        confirmLabel={t("action.delete")}
        onConfirm={async () => {
          await remove.mutateAsync();
          toast.success(t("key.didDelete", { name }));
          await navigate({ to: "/account-keys", replace: true });
        }}
      >
        <p>{t("key.deleteText")}</p>
      </ConfirmDialog>
    </>
  );
}
