import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { accountKeys, type AccountKey, type AccountKeyDetails } from "@/api/account-keys";
import { instanceQuery } from "@/api/instance";
import { t } from "@/i18n/t";
import { formatDate, formatDateTime } from "@/lib/format";
import { useCan } from "@/lib/permissions";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Callout } from "@/ui/Callout";
import { Section } from "@/ui/Card";
import { DescriptionList } from "@/ui/DescriptionList";
import { PageHeader } from "@/ui/PageHeader";
import { QueryView } from "@/ui/QueryView";
import { DeniedPage } from "@/ui/States";
import { Time } from "@/ui/Time";
import { toast } from "@/ui/toast";
import { AdminConsent } from "./AdminConsent";
import { ConfirmAccount } from "./ConfirmAccount";
import { KeyActions } from "./KeyActions";
import { KeyStatus, toneOf } from "./KeyStatus";
import { MicrosoftFacts } from "./MicrosoftFacts";
import { MissingScopes } from "./MissingScopes";
import { SetUpLink } from "./SetUpLink";
import { Timeline } from "./Timeline";
import { UsedBy } from "./UsedBy";
import { useResume } from "./useResume";
import { useTypeName } from "./useTypeName";

const QuickStarts = lazy(() =>
  import("@/features/quick-starts").then((module) => ({ default: module.QuickStarts })),
);

const route = getRouteApi("/shell/account-keys/$id");

export function KeyPage() {
  const can = useCan();
  const { id } = route.useParams();
  // Read at every visit: programs use keys, and the server refreshes them.
  const query = useQuery({ ...accountKeys.one(id), enabled: can("account-keys:read"), staleTime: 0 });
  if (!can("account-keys:read")) return <DeniedPage title={t("accountKeys.title")} />;
  return (
    <QueryView
      query={query}
      heading={t("accountKeys.one")}
      back={<Link to="/account-keys">{t("accountKeys.title")}</Link>}
    >
      {(key) => (
        <>
          <PageHeader
            title={key.displayName}
            description={key.description}
            badge={<KeyStatus status={key.status} />}
            back={<Link to="/account-keys">{t("accountKeys.title")}</Link>}
            actions={can("account-keys:write") && <KeyActions accountKey={key} />}
          />
          <div className="grid gap-5 *:min-w-0">
            <Reason accountKey={key} />
            <Overview accountKey={key} />
            <Permissions accountKey={key} />
            <UsedBy id={key.id} />
            <Use accountKey={key} />
            <Timeline id={key.id} />
          </div>
        </>
      )}
    </QueryView>
  );
}

/** What waits for a person: a decision, or whatever keeps the key from being authorized. */
function Reason({ accountKey }: { accountKey: AccountKeyDetails }) {
  const can = useCan();
  const { statusReason: reason, status, warnings, pendingConfirmation: pending } = accountKey;
  return (
    <>
      {pending && (
        <ConfirmAccount
          key={pending.authorizationId}
          keyId={accountKey.id}
          attemptId={pending.authorizationId}
          current={accountKey.account}
          signedIn={pending.account}
          onDecided={(outcome) => toast.success(outcome)}
        />
      )}
      {reason && (
        <Callout
          tone={toneOf(status)}
          title={reason.message}
          actions={can("account-keys:write") && <WayOn accountKey={accountKey} />}
        >
          <p>{can("account-keys:write") ? reason.fix : t("key.fixByOthers", { fix: reason.fix })}</p>
          <p className="text-sm text-muted">
            {t("key.since")} {formatDateTime(reason.since)}
          </p>
        </Callout>
      )}
      {reason && <AdminConsent accountKeyId={accountKey.id} code={reason.code} />}
      <MicrosoftFacts facts={reason?.microsoft} />
      {warnings.map((warning) => (
        <Callout key={warning.code} tone="warning">
          <p>{warning.message}</p>
        </Callout>
      ))}
    </>
  );
}

/** What puts a key into service. */
function WayOn({ accountKey }: { accountKey: AccountKey }) {
  const resume = useResume(accountKey);
  if (accountKey.status === "suspended") {
    return (
      <Button variant="primary" pending={resume.pending} onClick={() => void resume.run()}>
        {t("key.resume")}
      </Button>
    );
  }
  return <SetUpLink accountKey={accountKey} variant="primary" />;
}

const mono = (text: string) => (text ? <span className="font-mono text-sm">{text}</span> : null);

function Overview({ accountKey }: { accountKey: AccountKey }) {
  const { account, clientSecret, token } = accountKey;
  const instance = useQuery(instanceQuery);
  const cloud = instance.data?.clouds.find(({ id }) => id === accountKey.cloud);
  const typeName = useTypeName();
  return (
    <Section title={t("key.overview")}>
      <DescriptionList
        items={[
          [
            t("accountKeys.account"),
            account ? `${account.displayName} (${account.userPrincipalName})` : t("accountKeys.noAccount"),
          ],
          [t("accountKeys.type"), typeName(accountKey.type)],
          [t("wizard.cloud"), cloud?.name ?? accountKey.cloud],
          [t("wizard.tenantId"), mono(accountKey.tenantId)],
          [t("wizard.clientId"), mono(accountKey.clientId)],
          [
            t("wizard.secret"),
            clientSecret.set ? t("key.secretHint", { hint: clientSecret.hint }) : t("key.secretNone"),
          ],
          [
            t("accountKeys.secretExpiry"),
            clientSecret.expiresOn ? formatDate(clientSecret.expiresOn) : t("accountKeys.noExpiry"),
          ],
          [t("key.authorizedAt"), <Time key="at" value={accountKey.authorizedAt} />],
          [t("key.tokenExpires"), <Time key="expires" value={token.expiresAt} never={t("key.noToken")} />],
          [t("accountKeys.refreshed"), <Time key="refreshed" value={token.refreshedAt} />],
          [t("accountKeys.used"), <Time key="used" value={accountKey.lastUsedAt} />],
          [
            t("key.created"),
            `${formatDateTime(accountKey.createdAt)} ${t("key.createdBy", { name: accountKey.createdBy.name })}`,
          ],
        ]}
      />
    </Section>
  );
}

function Permissions({ accountKey }: { accountKey: AccountKey }) {
  const { scopes, missingScopes, authorizedAt } = accountKey;
  return (
    <Section title={t("key.permissions")}>
      <div className="grid gap-4">
        <ul className="grid gap-2">
          {scopes.map((scope) => {
            const missing = missingScopes.includes(scope);
            return (
              <li key={scope} className="flex items-center gap-3">
                <span className="font-mono text-sm">{scope}</span>
                {authorizedAt && (
                  <Badge tone={missing ? "warning" : "success"}>
                    {missing ? t("key.permissionMissing") : t("key.permissionGranted")}
                  </Badge>
                )}
              </li>
            );
          })}
        </ul>
        {authorizedAt && <MissingScopes accountKey={accountKey} missing={missingScopes} />}
      </div>
    </Section>
  );
}

function Use({ accountKey }: { accountKey: AccountKey }) {
  return (
    <Section title={t("key.use")}>
      <Suspense>
        <QuickStarts accountKey={accountKey} />
      </Suspense>
    </Section>
  );
}
