import { t } from "@/i18n/t";
import { Button } from "@/ui/Button";
import { Chip } from "@/ui/Chip";
import { DateField } from "@/ui/DateField";
import { NativeSelect } from "@/ui/NativeSelect";
import { SearchField } from "@/ui/SearchField";
import { isNarrowed, type Search } from "./filter";
import { actionOptions } from "./words";

type FiltersProps = {
  search: Search;
  onChange: (part: Search) => void;
  onClear: () => void;
  /** What the actor and the thing that the list is narrowed to are called. */
  names: { actor: string; object: string };
};

export function Filters({ search, onChange: change, onClear, names }: FiltersProps) {
  return (
    <section aria-label={t("auditLog.filters")} className="mb-4 grid gap-3">
      <div className="grid gap-3 sm:flex sm:flex-wrap sm:items-center">
        <SearchField
          label={t("auditLog.search")}
          value={search.q ?? ""}
          onChange={(q) => change({ q: q === "" ? undefined : q })}
        />
        <Choices search={search} change={change} />
        <div className="grid grid-cols-2 gap-3 sm:flex">
          <DateField
            label={t("auditLog.from")}
            value={search.from}
            max={search.to}
            onChange={(from) => change({ from })}
          />
          <DateField
            label={t("auditLog.to")}
            value={search.to}
            min={search.from}
            onChange={(to) => change({ to })}
          />
        </div>
        {isNarrowed(search) && (
          <Button variant="subtle" onClick={onClear}>
            {t("auditLog.clear")}
          </Button>
        )}
      </div>
      <Chosen search={search} change={change} names={names} />
    </section>
  );
}

type Part = { search: Search; change: (part: Search) => void };

function Choices({ search, change }: Part) {
  return (
    <>
      <NativeSelect
        hideLabel
        label={t("auditLog.filterAction")}
        options={[{ value: "", label: t("auditLog.anyAction") }, ...actionOptions()]}
        value={search.action ?? ""}
        onChange={(action) => change({ action: action === "" ? undefined : action })}
      />
      <NativeSelect
        hideLabel
        label={t("auditLog.filterOutcome")}
        options={[
          { value: "any", label: t("auditLog.anyOutcome") },
          { value: "success", label: t("auditLog.success") },
          { value: "failure", label: t("auditLog.failure") },
        ]}
        value={search.outcome ?? "any"}
        onChange={(outcome) => change({ outcome: outcome === "any" ? undefined : outcome })}
      />
      <NativeSelect
        hideLabel
        label={t("auditLog.filterActor")}
        options={[
          { value: "any", label: t("auditLog.anyActor") },
          { value: "user", label: t("auditLog.people") },
          { value: "api_client", label: t("auditLog.programs") },
          { value: "system", label: t("auditLog.itself") },
          { value: "anonymous", label: t("auditLog.strangers") },
        ]}
        value={search.actorType ?? "any"}
        onChange={(type) => change({ actorType: type === "any" ? undefined : type })}
      />
    </>
  );
}

/** One actor or thing, chosen from an entry's details or by a link. */
function Chosen({ search, change, names }: Part & Pick<FiltersProps, "names">) {
  const chips = [
    search.actorId !== undefined && {
      text: t("auditLog.byName", { name: names.actor }),
      remove: () => change({ actorId: undefined }),
    },
    (search.objectType ?? search.objectId) !== undefined && {
      text: t("auditLog.aboutName", { name: names.object }),
      remove: () => change({ objectType: undefined, objectId: undefined }),
    },
  ].filter((chip) => chip !== false);
  if (chips.length === 0) return null;
  return (
    <ul aria-label={t("auditLog.chosen")} className="flex flex-wrap gap-1.5">
      {chips.map(({ text, remove }) => (
        <Chip key={text} removeLabel={t("auditLog.remove", { filter: text })} onRemove={remove}>
          {text}
        </Chip>
      ))}
    </ul>
  );
}
