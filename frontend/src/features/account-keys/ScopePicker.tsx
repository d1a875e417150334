import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { useState, type Ref } from "react";
import type { AccountKey } from "@/api/account-keys";
import { instanceQuery, type Instance } from "@/api/instance";
import { t } from "@/i18n/t";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Checkbox } from "@/ui/Checkbox";
import { Field } from "@/ui/Field";
import { QueryView } from "@/ui/QueryView";
import { TextField } from "@/ui/TextField";
import { addScope, hasScope, isOwnMailbox, sameScopes, withoutScope } from "./scopes";

type KeyType = Instance["accountKeyTypes"][number];

type ScopePickerProps = {
  accountKey: AccountKey;
  value: string[];
  onChange: (value: string[]) => void;
  error: string | undefined;
  ref?: Ref<HTMLDivElement>;
};

/** The permissions that a key asks for: the usual ones, those for shared mailboxes, and any other by its name. */
export function ScopePicker({ accountKey, value, onChange, error, ref }: ScopePickerProps) {
  const query = useQuery(instanceQuery);
  // Without an authorization everything is missing, which would say nothing.
  const missing = accountKey.authorizedAt ? accountKey.missingScopes : [];
  return (
    <Field native={false} label={t("scopes.label")} hint={t("scopes.hint")} error={error}>
      {({ labelId, ...ids }) => (
        <div
          {...ids}
          ref={ref}
          role="group"
          tabIndex={-1}
          aria-labelledby={labelId}
          className="grid gap-4 rounded-md py-1 outline-offset-2"
        >
          <QueryView bare query={query}>
            {({ accountKeyTypes }) => {
              const kind = accountKeyTypes.find(({ id }) => id === accountKey.type);
              return kind && <Choices kind={kind} value={value} onChange={onChange} missing={missing} />;
            }}
          </QueryView>
        </div>
      )}
    </Field>
  );
}

type ChoicesProps = Pick<ScopePickerProps, "value" | "onChange"> & {
  kind: KeyType;
  /** What the account's grant lacks. */
  missing: string[];
};

function Choices({ kind, value, onChange, missing }: ChoicesProps) {
  const own = kind.availableScopes.filter(isOwnMailbox);
  const shared = kind.availableScopes.filter((scope) => !isOwnMailbox(scope));
  const others = value.filter((name) => !kind.availableScopes.some((scope) => scope.name === name));
  const group = (legend: string, scopes: KeyType["availableScopes"]) => (
    <fieldset className="grid gap-2">
      <legend className="mb-1.5 text-sm font-semibold text-muted">{legend}</legend>
      {scopes.map(({ name, description }) => (
        <Checkbox
          key={name}
          label={description}
          description={<ScopeName name={name} missing={hasScope(missing, name) && hasScope(value, name)} />}
          checked={hasScope(value, name)}
          onChange={(on) => onChange(on ? [...value, name] : withoutScope(value, name))}
        />
      ))}
    </fieldset>
  );
  return (
    <>
      {group(t("scopes.own"), own)}
      {shared.length > 0 && group(t("scopes.shared"), shared)}
      <Others kind={kind} others={others} value={value} onChange={onChange} missing={missing} />
      <p className="text-sm text-pretty text-muted">
        {t("scopes.always", { names: kind.alwaysAskedScopes.map(({ name }) => name).join(", ") })}
      </p>
      {missing.some((name) => hasScope(value, name)) && (
        <p className="text-sm text-pretty">{t("scopes.missingText")}</p>
      )}
      {!sameScopes(value, kind.defaultScopes) && (
        <div>
          <Button size="sm" onClick={() => onChange(kind.defaultScopes)}>
            {t("scopes.reset")}
          </Button>
        </div>
      )}
    </>
  );
}

function ScopeName({ name, missing }: { name: string; missing: boolean }) {
  return (
    <span className="flex flex-wrap items-center gap-2">
      <span className="font-mono text-xs wrap-anywhere">{name}</span>
      {missing && <Badge tone="warning">{t("key.permissionMissing")}</Badge>}
    </span>
  );
}

type OthersProps = ChoicesProps & { others: string[] };

/** Permissions that this Latchkey has no entry for, and the way to add one. */
function Others({ kind, others, value, onChange, missing }: OthersProps) {
  const [name, setName] = useState("");
  const [problem, setProblem] = useState<string>();

  function add() {
    const next = addScope(value, name, kind);
    setProblem(next === null ? t("scopes.invalid") : undefined);
    if (next === null) return;
    onChange(next);
    setName("");
  }

  return (
    <div className="grid gap-2">
      {others.length > 0 && (
        <ul aria-label={t("scopes.others")} className="grid gap-1.5">
          {others.map((other) => (
            <li
              key={other}
              className="flex items-center justify-between gap-2 rounded-md bg-sunken py-1 pl-2.5"
            >
              <ScopeName name={other} missing={hasScope(missing, other)} />
              <Button
                size="icon"
                variant="subtle"
                aria-label={t("scopes.remove", { name: other })}
                onClick={() => onChange(withoutScope(value, other))}
              >
                <X aria-hidden="true" className="size-4" />
              </Button>
            </li>
          ))}
        </ul>
      )}
      <TextField
        mono
        optional
        label={t("scopes.add")}
        hint={t("scopes.addHint")}
        error={problem}
        autoComplete="off"
        autoCapitalize="none"
        value={name}
        onChange={(event) => setName(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          // The form around it would be sent.
          event.preventDefault();
          add();
        }}
      />
      <div>
        <Button size="sm" onClick={add}>
          {t("scopes.addButton")}
        </Button>
      </div>
    </div>
  );
}
