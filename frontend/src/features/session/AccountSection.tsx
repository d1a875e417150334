import { useInfiniteQuery } from "@tanstack/react-query";
import { LogOut } from "lucide-react";
import { useState } from "react";
import { sessions, useEndOtherSessions, useEndSession, type SessionInfo } from "@/api/session";
import { t } from "@/i18n/t";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Section } from "@/ui/Card";
import { ConfirmDialog } from "@/ui/ConfirmDialog";
import { LoadMore } from "@/ui/LoadMore";
import { QueryView } from "@/ui/QueryView";
import { Skeleton } from "@/ui/Skeleton";
import { Table, Td, Th, Tr } from "@/ui/Table";
import { Time } from "@/ui/Time";
import { toast } from "@/ui/toast";
import { browserName } from "./browserName";
import { ChangePasswordDialog } from "./ChangePasswordDialog";

/** One's own password and sessions. */
export function AccountSection() {
  const [changing, setChanging] = useState(false);
  return (
    <div className="grid gap-5">
      <Section title={t("account.password")} description={t("account.passwordText")}>
        <Button onClick={() => setChanging(true)}>{t("changePassword.title")}</Button>
        {changing && <ChangePasswordDialog onClose={() => setChanging(false)} />}
      </Section>
      <Sessions />
    </div>
  );
}

function Sessions() {
  const query = useInfiniteQuery(sessions.list());
  const shown = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section
      flush
      title={t("account.sessions")}
      description={t("account.sessionsText")}
      actions={shown.length > 1 && <SignOutOthers />}
    >
      <QueryView bare query={query} loading={<Skeleton rows={2} tall />}>
        {() => (
          <>
            <SessionTable items={shown} />
            <LoadMore shown={shown.length} query={query} />
          </>
        )}
      </QueryView>
    </Section>
  );
}

function SignOutOthers() {
  const [asking, setAsking] = useState(false);
  const end = useEndOtherSessions();
  return (
    <>
      <Button onClick={() => setAsking(true)}>{t("account.signOutOthers")}</Button>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t("account.signOutOthersTitle")}
        confirmLabel={t("account.signOutOthers")}
        onConfirm={async () => {
          await end.mutateAsync();
          toast.success(t("account.didSignOutOthers"));
        }}
      >
        <p>{t("account.signOutOthersText")}</p>
      </ConfirmDialog>
    </>
  );
}

function SessionTable({ items }: { items: SessionInfo[] }) {
  const end = useEndSession();

  function signOut({ id, userAgent }: SessionInfo) {
    const browser = browserName(userAgent);
    end.mutate(id, {
      onSuccess: () => toast.success(t("account.didSignOutOne", { browser })),
      onError: toast.error,
    });
  }

  return (
    <Table
      label={t("account.sessions")}
      head={
        <>
          <Th>{t("account.browser")}</Th>
          <Th>{t("account.from")}</Th>
          <Th>{t("account.signedIn")}</Th>
          <Th>{t("account.lastSeen")}</Th>
          <Th hidden>{t("account.actions")}</Th>
        </>
      }
    >
      {items.map((session) => (
        <Tr key={session.id}>
          <Td heading>
            <span className="font-semibold">{browserName(session.userAgent)}</span>{" "}
            {session.current && <Badge tone="accent">{t("account.current")}</Badge>}
          </Td>
          <Td label={t("account.from")}>{session.ip}</Td>
          <Td label={t("account.signedIn")}>
            <Time value={session.createdAt} />
          </Td>
          <Td label={t("account.lastSeen")}>
            <Time value={session.lastSeenAt} />
          </Td>
          <Td actions>
            {!session.current && (
              <Button
                variant="subtle"
                size="icon"
                aria-label={t("account.signOutOne", { browser: browserName(session.userAgent) })}
                onClick={() => signOut(session)}
              >
                <LogOut aria-hidden="true" className="size-4" />
              </Button>
            )}
          </Td>
        </Tr>
      ))}
    </Table>
  );
}
