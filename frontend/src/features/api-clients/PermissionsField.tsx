import { useQuery } from "@tanstack/react-query";
import type { Ref } from "react";
import { instanceQuery } from "@/api/instance";
import type { Permission } from "@/api/session";
import { t } from "@/i18n/t";
import { useSession } from "@/lib/permissions";
import { Checkbox } from "@/ui/Checkbox";
import { Field } from "@/ui/Field";
import { QueryView } from "@/ui/QueryView";
import { groupPermissions } from "./permissionGroups";

type PermissionsFieldProps = {
  value: Permission[];
  onChange: (value: Permission[]) => void;
  error: string | undefined;
  ref?: Ref<HTMLDivElement>;
};

/** Permissions in groups, each in plain words. Nobody grants what they lack, so only one's own are on offer. */
export function PermissionsField({ value, onChange, error, ref }: PermissionsFieldProps) {
  const query = useQuery(instanceQuery);
  const own = useSession()?.permissions ?? [];

  function toggle(name: Permission, on: boolean) {
    onChange(on ? [...value, name] : value.filter((other) => other !== name));
  }

  return (
    <Field
      native={false}
      label={t("apiClients.permissions")}
      hint={t("apiClients.permissionsHint")}
      error={error}
    >
      {({ labelId, ...ids }) => (
        <div
          {...ids}
          ref={ref}
          role="group"
          tabIndex={-1}
          aria-labelledby={labelId}
          className="grid gap-x-8 gap-y-5 py-2 outline-none sm:grid-cols-2"
        >
          <QueryView bare query={query}>
            {({ permissions }) =>
              groupPermissions(
                permissions.filter(({ name }) => own.includes(name) || value.includes(name)),
              ).map((group) => (
                <fieldset key={group.label} className="grid content-start gap-2.5">
                  <legend className="mb-2 text-sm font-semibold text-muted">{group.label}</legend>
                  {group.permissions.map(({ name, description }) => (
                    <Checkbox
                      key={name}
                      label={description}
                      description={<span className="font-mono text-xs">{name}</span>}
                      checked={value.includes(name)}
                      onChange={(on) => toggle(name, on)}
                    />
                  ))}
                </fieldset>
              ))
            }
          </QueryView>
        </div>
      )}
    </Field>
  );
}
