import type { AccountKey } from "@/api/account-keys";
import { KeyList } from "@/features/account-keys";
import { t } from "@/i18n/t";
import { Checkbox } from "@/ui/Checkbox";
import { Chip } from "@/ui/Chip";
import { useKeyNames } from "./useKeyNames";

type KeyPickerProps = { chosen: string[]; onChange: (chosen: string[]) => void };

/** A list of account keys to tick, searched on the server, with the chosen ones above it. */
export function KeyPicker({ chosen, onChange }: KeyPickerProps) {
  const remove = (id: string) => onChange(chosen.filter((other) => other !== id));
  return (
    <div className="grid gap-3">
      {chosen.length > 0 && <ChosenKeys ids={chosen} onRemove={remove} />}
      <KeyList>
        {(keys) => (
          <ul aria-label={t("apiClients.availableKeys")} className="grid gap-3 p-3 empty:hidden">
            {keys.map((key) => (
              <KeyOption
                key={key.id}
                accountKey={key}
                checked={chosen.includes(key.id)}
                onChange={(on) => (on ? onChange([...chosen, key.id]) : remove(key.id))}
              />
            ))}
          </ul>
        )}
      </KeyList>
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
