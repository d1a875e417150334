import { Link } from "@tanstack/react-router";
import type { AuditEntry, AuditObject } from "@/api/audit-entries";
import { t } from "@/i18n/t";
import { formatDateTime } from "@/lib/format";
import { useCan } from "@/lib/permissions";
import { StatusBadge } from "@/ui/Badge";
import { Table, Td, Th, Tr } from "@/ui/Table";
import { Time } from "@/ui/Time";
import type { Search } from "./filter";
import { actionName, actorKind, typeName } from "./words";

/** What every list of entries tells; the timeline of one thing leaves out which thing it is. */
type Entry = Pick<AuditEntry, "id" | "at" | "action" | "outcome" | "message" | "actor"> & {
  object?: AuditObject;
};

type EntryTableProps = {
  label: string;
  entries: Entry[];
  /** The one thing that all of them are about: it needs no column, and names lead to the log about it. */
  about?: Pick<AuditObject, "type" | "id">;
  /** What the log is narrowed to, when it is the log itself. */
  search?: Search;
};

/** Entries of the audit log, newest first, wherever they are shown. */
export function EntryTable({ label, entries, about, search }: EntryTableProps) {
  const target = about ? { objectType: about.type, objectId: about.id } : search;
  return (
    <Table
      label={label}
      head={
        <>
          <Th>{t("audit.what")}</Th>
          {!about && <Th>{t("audit.on")}</Th>}
          <Th>{t("audit.who")}</Th>
          <Th>{t("audit.when")}</Th>
        </>
      }
    >
      {entries.map((entry) => (
        <Tr key={entry.id}>
          <Td heading>
            <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
              <EntryLink search={{ ...target, entry: entry.id }} stay={!about}>
                {actionName(entry.action)}
              </EntryLink>
              {entry.outcome === "failure" && (
                <StatusBadge tone="danger">{t("auditLog.failure")}</StatusBadge>
              )}
            </span>
            <span className="block text-sm text-pretty text-muted">{entry.message}</span>
          </Td>
          {!about && <Td label={t("audit.on")}>{entry.object && <ObjectName object={entry.object} />}</Td>}
          <Td label={t("audit.who")}>
            <span title={entry.actor.name} className="block sm:max-w-40 sm:truncate">
              {entry.actor.name}
            </span>
            <span className="block text-sm text-muted">{actorKind(entry.actor.type)}</span>
          </Td>
          <Td label={t("audit.when")}>
            <Time value={entry.at} />
            <span className="block text-sm whitespace-nowrap text-muted">{formatDateTime(entry.at)}</span>
          </Td>
        </Tr>
      ))}
    </Table>
  );
}

/** Leads to an entry's details, for those who may read the log; `stay` where the log is on show. */
function EntryLink({ search, stay, children }: { search: Search; stay: boolean; children: string }) {
  const can = useCan();
  if (!can("audit:read")) return <span className="font-semibold">{children}</span>;
  return (
    <Link to="/audit-log" search={search} resetScroll={!stay} className="link font-semibold">
      {children}
    </Link>
  );
}

/** What was acted on: a link while it is there and the reader may see it. */
export function ObjectName({ object }: { object: AuditObject }) {
  return (
    <>
      <span className="block">
        <ObjectLink object={object} />
      </span>
      <span className="block text-sm text-muted">
        {typeName(object.type)}
        {object.deleted && `, ${t("audit.deleted")}`}
      </span>
    </>
  );
}

function ObjectLink({ object: { type, id, name, deleted } }: { object: AuditObject }) {
  const can = useCan();
  const text = name || t("audit.nothing");
  if (id === "" || deleted) return text;
  if (type === "account_key" && can("account-keys:read"))
    return (
      <Link to="/account-keys/$id" params={{ id }} className="link">
        {text}
      </Link>
    );
  if (type === "api_client" && can("api-clients:write"))
    return (
      <Link to="/api-clients/$id" params={{ id }} className="link">
        {text}
      </Link>
    );
  if (type === "target" && can("targets:read"))
    return (
      <Link to="/targets/$id" params={{ id }} className="link">
        {text}
      </Link>
    );
  if (type === "user" && can("users:write"))
    return (
      <Link to="/settings" search={{ tab: "people" }} className="link">
        {text}
      </Link>
    );
  return text;
}
