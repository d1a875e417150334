import { useId, useState } from "react";
import type { Problem } from "@/api/problem";
import { t } from "@/i18n/t";
import { RadioGroup } from "@/ui/RadioGroup";
import type { KeyAccess } from "./AccountKeysField";
import { KeyPicker } from "./KeyPicker";
import { counting, leashOf, leashWords, newDraft, type LeashDraft } from "./leash";
import { LeashEditor } from "./LeashEditor";
import { useKeyNames } from "./useKeyNames";

type LeashesFieldProps = {
  keys: KeyAccess;
  value: LeashDraft[];
  onChange: (value: LeashDraft[]) => void;
  /** What the server said of them, by the place in what was sent. */
  problems: Problem["fields"];
};

/** What bounds the client at each account key, and at every other one. */
export function LeashesField({ keys, value, onChange, problems }: LeashesFieldProps) {
  const labelId = useId();
  const sent = counting(value, keys);
  const leashed = sent.flatMap(({ accountKeyId }) => accountKeyId ?? []);
  const ids = keys.all ? leashed : keys.ids;
  const names = useKeyNames(ids);
  const others = value.find(({ accountKeyId }) => accountKeyId === null);

  const othersName = ids.length === 0 ? t("leash.every") : t("leash.everyOther");

  const put = (id: string | null, draft: LeashDraft | null) =>
    onChange([...value.filter(({ accountKeyId }) => accountKeyId !== id), ...(draft ? [draft] : [])]);

  const row = (id: string | null) => {
    const at = `leashes[${sent.findIndex(({ accountKeyId }) => accountKeyId === id)}].`;
    return (
      <LeashRow
        key={id}
        name={id === null ? othersName : (names.get(id) ?? id)}
        hint={id === null ? t("leash.everyOtherText") : undefined}
        unbounded={id !== null && others ? t("leash.asOthers") : t("leash.everything")}
        draft={value.find(({ accountKeyId }) => accountKeyId === id) ?? null}
        onChange={(bounded) => put(id, bounded)}
        fresh={newDraft(id)}
        problems={problems
          .filter(({ field }) => field.startsWith(at))
          .map((problem) => ({ ...problem, field: problem.field.slice(at.length) }))}
      />
    );
  };

  return (
    <div role="group" aria-labelledby={labelId} className="grid gap-2">
      <span id={labelId} className="font-semibold">
        {t("leash.title")}
      </span>
      <p className="text-sm text-pretty text-muted">{t("leash.hint")}</p>
      <div className="grid gap-2">
        {ids.map(row)}
        {row(null)}
      </div>
      {keys.all && (
        <details className="rounded-md border border-line px-3 py-2">
          <summary className="cursor-pointer font-semibold">{t("leash.single")}</summary>
          <div className="mt-3 pb-2">
            <KeyPicker
              chosen={leashed}
              onChange={(chosen) =>
                onChange([
                  ...value.filter(({ accountKeyId: id }) => id === null || chosen.includes(id)),
                  ...chosen.filter((id) => !leashed.includes(id)).map(newDraft),
                ])
              }
            />
          </div>
        </details>
      )}
    </div>
  );
}

type LeashRowProps = {
  name: string;
  hint: string | undefined;
  /** What it is without a leash here. */
  unbounded: string;
  draft: LeashDraft | null;
  fresh: LeashDraft;
  onChange: (draft: LeashDraft | null) => void;
  problems: Problem["fields"];
};

function LeashRow({ name, hint, unbounded, draft, fresh, onChange, problems }: LeashRowProps) {
  const [opened, setOpened] = useState(false);
  const open = opened || problems.length > 0;
  return (
    <details
      open={open}
      onToggle={(event) => setOpened(event.currentTarget.open)}
      className="rounded-md border border-line px-3 py-2"
    >
      <summary className="cursor-pointer">
        <span className="font-semibold wrap-anywhere">{name}</span>
        <span className="block pl-4 text-sm wrap-anywhere text-muted">
          {draft ? leashWords(leashOf(draft)).join(" · ") : unbounded}
        </span>
      </summary>
      {open && (
        <div className="mt-3 grid gap-4 pb-2">
          <RadioGroup
            label={t("leash.choice")}
            hint={hint}
            value={draft ? "bounded" : "unbounded"}
            onChange={(choice) => onChange(choice === "bounded" ? fresh : null)}
            options={[
              { value: "unbounded", label: unbounded },
              { value: "bounded", label: t("leash.bounded") },
            ]}
          />
          {draft && <LeashEditor draft={draft} onChange={onChange} problems={problems} />}
        </div>
      )}
    </details>
  );
}
