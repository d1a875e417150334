import { useInfiniteQuery } from "@tanstack/react-query";
import { UserPlus, Users } from "lucide-react";
import { useState } from "react";
import { users, type User } from "@/api/users";
import { t } from "@/i18n/t";
import { formatDateTime, hasPassed } from "@/lib/format";
import { useSession } from "@/lib/permissions";
import { Badge, StatusBadge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Section } from "@/ui/Card";
import { LoadMore } from "@/ui/LoadMore";
import { QueryView } from "@/ui/QueryView";
import { Skeleton } from "@/ui/Skeleton";
import { EmptyState } from "@/ui/States";
import { Table, Td, Th, Tr } from "@/ui/Table";
import { Time } from "@/ui/Time";
import { AddPersonDialog } from "./AddPersonDialog";
import { PersonMenu } from "./PersonMenu";

/** Who can sign in, for those who may decide that. */
export function PeopleSection() {
  const query = useInfiniteQuery(users.list());
  const [adding, setAdding] = useState(false);
  return (
    <Section
      flush
      title={t("users.title")}
      description={t("users.description")}
      actions={
        <Button
          variant="primary"
          icon={<UserPlus aria-hidden="true" className="size-4" />}
          onClick={() => setAdding(true)}
        >
          {t("users.add")}
        </Button>
      }
    >
      <QueryView bare query={query} loading={<Skeleton rows={4} tall />}>
        {({ pages }) => {
          const people = pages.flatMap((page) => page.items);
          if (people.length === 0) {
            return (
              <EmptyState icon={Users} title={t("users.empty")}>
                {t("users.emptyText")}
              </EmptyState>
            );
          }
          return (
            <>
              <PeopleTable people={people} />
              <LoadMore shown={people.length} query={query} />
            </>
          );
        }}
      </QueryView>
      <AddPersonDialog open={adding} onClose={() => setAdding(false)} />
    </Section>
  );
}

function PeopleTable({ people }: { people: User[] }) {
  const self = useSession()?.user.id;
  return (
    <Table
      label={t("users.title")}
      head={
        <>
          <Th>{t("users.name")}</Th>
          <Th>{t("users.role")}</Th>
          <Th>{t("users.status")}</Th>
          <Th>{t("users.lastSignIn")}</Th>
          <Th hidden>{t("users.actions")}</Th>
        </>
      }
    >
      {people.map((person) => (
        <Tr key={person.id}>
          <Td heading>
            <span className="font-semibold">{person.name}</span>{" "}
            {person.id === self && <Badge tone="accent">{t("users.you")}</Badge>}
            <span className="block text-sm text-muted">{person.email}</span>
          </Td>
          <Td label={t("users.role")}>{t(`role.${person.role}`)}</Td>
          <Td label={t("users.status")}>
            <PersonStatus person={person} />
          </Td>
          <Td label={t("users.lastSignIn")}>
            <Time value={person.lastSignInAt} />
          </Td>
          <Td actions>
            <PersonMenu user={person} self={person.id === self} />
          </Td>
        </Tr>
      ))}
    </Table>
  );
}

const tones = { invited: "accent", active: "success", disabled: "neutral" } as const;

function PersonStatus({ person }: { person: User }) {
  return (
    <>
      <StatusBadge tone={tones[person.status]}>{t(`users.status.${person.status}`)}</StatusBadge>
      {person.status === "invited" && (
        <span className="block text-sm text-muted">{linkText(person.linkExpiresAt)}</span>
      )}
    </>
  );
}

function linkText(expiresAt: string | null): string {
  if (expiresAt === null) return t("users.linkNone");
  if (hasPassed(expiresAt)) return t("users.linkExpired");
  return t("users.linkUntil", { time: formatDateTime(expiresAt) });
}
