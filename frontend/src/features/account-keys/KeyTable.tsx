import { Link } from "@tanstack/react-router";
import type { AccountKey } from "@/api/account-keys";
import { t } from "@/i18n/t";
import { formatDate } from "@/lib/format";
import { Table, Td, Th, Tr } from "@/ui/Table";
import { Time } from "@/ui/Time";
import { KeyStatus } from "./KeyStatus";
import { useTypeName } from "./useTypeName";

/** Newest first, as the server sends them; `fresh` is the key to highlight. */
export function KeyTable({ keys, fresh }: { keys: AccountKey[]; fresh: string | undefined }) {
  const typeName = useTypeName();
  return (
    <Table
      label={t("accountKeys.title")}
      head={
        <>
          <Th>{t("accountKeys.name")}</Th>
          <Th>{t("accountKeys.account")}</Th>
          <Th>{t("accountKeys.status")}</Th>
          <Th>{t("accountKeys.secretExpiry")}</Th>
          <Th>{t("accountKeys.refreshed")}</Th>
          <Th>{t("accountKeys.used")}</Th>
        </>
      }
    >
      {keys.map((key) => (
        <Tr key={key.id} fresh={key.id === fresh}>
          <Td heading>
            <div className="sm:min-w-36">
              <KeyLink accountKey={key} />
              <span className="block text-sm text-muted">{typeName(key.type)}</span>
            </div>
          </Td>
          <Td label={t("accountKeys.account")}>
            {key.account ? (
              <>
                <span className="block">{key.account.displayName}</span>
                <span
                  title={key.account.userPrincipalName}
                  className="block text-sm text-muted sm:max-w-40 sm:truncate"
                >
                  {key.account.userPrincipalName}
                </span>
              </>
            ) : (
              <span className="text-muted">{t("accountKeys.noAccount")}</span>
            )}
          </Td>
          <Td label={t("accountKeys.status")}>
            <KeyStatus status={key.status} />
          </Td>
          <Td label={t("accountKeys.secretExpiry")}>
            {key.clientSecret.expiresOn ? (
              formatDate(key.clientSecret.expiresOn)
            ) : (
              <span className="text-muted">{t("accountKeys.noExpiry")}</span>
            )}
          </Td>
          <Td label={t("accountKeys.refreshed")}>
            <Time value={key.token.refreshedAt} />
          </Td>
          <Td label={t("accountKeys.used")}>
            <Time value={key.lastUsedAt} />
          </Td>
        </Tr>
      ))}
    </Table>
  );
}

/** A draft opens where it was left. */
function KeyLink({ accountKey }: { accountKey: AccountKey }) {
  const to = accountKey.status === "draft" ? "/account-keys/$id/setup" : "/account-keys/$id";
  return (
    <Link to={to} params={{ id: accountKey.id }} className="link font-semibold">
      {accountKey.displayName}
    </Link>
  );
}
