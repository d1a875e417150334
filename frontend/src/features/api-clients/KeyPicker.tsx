import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { accountKeys, type AccountKey } from "@/api/account-keys";
import { t } from "@/i18n/t";
import { Checkbox } from "@/ui/Checkbox";
import { Chip } from "@/ui/Chip";
import { LoadMore } from "@/ui/LoadMore";
import { QueryView } from "@/ui/QueryView";
import { SearchField } from "@/ui/SearchField";
import { Skeleton } from "@/ui/Skeleton";
import { useKeyNames } from "./useKeyNames";

type KeyPickerProps = { chosen: string[]; onChange: (chosen: string[]) => void };

/** A list of account keys to tick, searched on the server, with the chosen ones above it. */
export function KeyPicker({ chosen, onChange }: KeyPickerProps) {
  const [q, setQ] = useState("");
  const query = useInfiniteQuery(accountKeys.list({ q: q || undefined }));
  const remove = (id: string) => onChange(chosen.filter((other) => other !== id));
  return (
    <div className="grid gap-3">
      {chosen.length > 0 && <ChosenKeys ids={chosen} onRemove={remove} />}
      <div className="overflow-hidden rounded-md border border-line">
        <div className="border-b border-line bg-sunken p-2">
          <SearchField label={t("apiClients.searchKeys")} value={q} onChange={setQ} />
        </div>
        <QueryView bare query={query} loading={<Skeleton rows={3} />}>
          {({ pages }) => {
            const keys = pages.flatMap((page) => page.items);
            if (keys.length === 0) {
              return (
                <p className="p-4 text-muted">
                  {q ? t("apiClients.noKeysMatch", { q }) : t("apiClients.noKeysYet")}
                </p>
              );
            }
            return (
              <>
                <ul
                  aria-label={t("apiClients.availableKeys")}
                  className="grid max-h-72 gap-3 overflow-y-auto p-3"
                >
                  {keys.map((key) => (
                    <KeyOption
                      key={key.id}
                      accountKey={key}
                      checked={chosen.includes(key.id)}
                      onChange={(on) => (on ? onChange([...chosen, key.id]) : remove(key.id))}
                    />
                  ))}
                </ul>
                <LoadMore shown={keys.length} query={query} />
              </>
            );
          }}
        </QueryView>
      </div>
    </div>
  );
}

type KeyOptionProps = { accountKey: AccountKey; checked: boolean; onChange: (on: boolean) => void };

function KeyOption({ accountKey, checked, onChange }: KeyOptionProps) {
  return (
    <li>
      <Checkbox
        label={accountKey.displayName}
        description={accountKey.account?.userPrincipalName}
        checked={checked}
        onChange={onChange}
      />
    </li>
  );
}

function ChosenKeys({ ids, onRemove }: { ids: string[]; onRemove: (id: string) => void }) {
  const names = useKeyNames(ids);
  return (
    <ul aria-label={t("apiClients.chosenKeys")} className="flex flex-wrap gap-1.5">
      {ids.map((id) => {
        const name = names.get(id) ?? id;
        return (
          <Chip key={id} removeLabel={t("apiClients.removeKey", { name })} onRemove={() => onRemove(id)}>
            {name}
          </Chip>
        );
      })}
    </ul>
  );
}
