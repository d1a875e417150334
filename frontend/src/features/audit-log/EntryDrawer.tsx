import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { auditEntries, type AuditChange, type AuditEntry, type AuditObject } from "@/api/audit-entries";
import { t } from "@/i18n/t";
import { formatExactly } from "@/lib/format";
import { StatusBadge } from "@/ui/Badge";
import { DescriptionList } from "@/ui/DescriptionList";
import { Drawer } from "@/ui/Drawer";
import { QueryView } from "@/ui/QueryView";
import { Table, Td, Th, Tr } from "@/ui/Table";
import { Time } from "@/ui/Time";
import { ObjectName } from "./EntryTable";
import type { Search } from "./filter";
import { actionName, actorKind, fieldName, valueName } from "./words";

type EntryDrawerProps = { id: string | undefined; listed: AuditEntry | undefined; onClose: () => void };

/** All that is known of one entry. One that the list doesn't hold, as behind a link, is read by itself. */
export function EntryDrawer({ id, listed, onClose }: EntryDrawerProps) {
  return (
    <Drawer
      side="right"
      open={id !== undefined}
      onClose={onClose}
      label={t("audit.details")}
      closeLabel={t("audit.closeDetails")}
      heading={<span className="font-semibold">{t("audit.details")}</span>}
    >
      {id !== undefined && <Details id={id} listed={listed} />}
    </Drawer>
  );
}

function Details({ id, listed }: { id: string; listed: AuditEntry | undefined }) {
  // Entries never change.
  const query = useQuery({ ...auditEntries.one(id), initialData: listed, staleTime: Infinity });
  return (
    <div className="px-4 pt-4 pb-8 sm:px-5">
      <QueryView bare query={query}>
        {(entry) => (
          <>
            <h2 className="text-xl font-semibold text-balance">{actionName(entry.action)}</h2>
            <p className="mt-1 mb-5 text-pretty wrap-anywhere text-muted">{entry.message}</p>
            {entry.changes.length > 0 && <Changes type={entry.object.type} changes={entry.changes} />}
            <Facts entry={entry} />
          </>
        )}
      </QueryView>
    </div>
  );
}

const mono = (text: string) => (text ? <span className="font-mono text-sm">{text}</span> : null);

function Facts({ entry }: { entry: AuditEntry }) {
  const { actor, object } = entry;
  return (
    <DescriptionList
      items={[
        [
          t("audit.when"),
          <span key="when">
            {formatExactly(entry.at)} (<Time value={entry.at} />)
          </span>,
        ],
        [
          t("audit.who"),
          <span key="who">
            <span className="block">{actor.name}</span>
            <span className="block text-sm text-muted">{actorKind(actor.type)}</span>
            <span className="block text-sm text-muted">{mono(actor.id)}</span>
            <Only search={{ actorId: actor.id }}>{t("audit.onlyActor")}</Only>
          </span>,
        ],
        [
          t("audit.on"),
          <span key="on">
            <ObjectName object={object} />
            <span className="block text-sm text-muted">{mono(object.id)}</span>
            {object.id !== "" && (
              <Only search={{ objectType: object.type, objectId: object.id }}>{t("audit.onlyObject")}</Only>
            )}
          </span>,
        ],
        [t("audit.action"), mono(entry.action)],
        [
          t("audit.outcome"),
          <StatusBadge key="outcome" tone={entry.outcome === "failure" ? "danger" : "success"}>
            {t(`auditLog.${entry.outcome}`)}
          </StatusBadge>,
        ],
        [t("audit.address"), mono(entry.ip)],
        [t("audit.request"), mono(entry.requestId)],
        [t("audit.entryId"), mono(entry.id)],
      ]}
    />
  );
}

/** Narrows the log to one actor or thing, and closes the details. */
function Only({ search, children }: { search: Search; children: ReactNode }) {
  return (
    <Link to="/audit-log" search={search} className="link text-sm">
      {children}
    </Link>
  );
}

type ChangesProps = { type: AuditObject["type"]; changes: AuditChange[] };

function Changes({ type, changes }: ChangesProps) {
  const value = (field: string, text: string | null) =>
    text === null ? <span className="text-muted">{t("audit.nothing")}</span> : valueName(type, field, text);
  return (
    <section className="mb-6 grid gap-2">
      <h3 className="font-semibold">{t("audit.changes")}</h3>
      <div className="overflow-hidden rounded-md border border-line">
        <Table
          label={t("audit.changes")}
          head={
            <>
              <Th>{t("audit.field")}</Th>
              <Th>{t("audit.before")}</Th>
              <Th>{t("audit.after")}</Th>
            </>
          }
        >
          {changes.map((change) => (
            <Tr key={change.field}>
              <Td heading>{fieldName(change.field)}</Td>
              <Td label={t("audit.before")}>{value(change.field, change.before)}</Td>
              <Td label={t("audit.after")}>{value(change.field, change.after)}</Td>
            </Tr>
          ))}
        </Table>
      </div>
    </section>
  );
}
