import { ChevronDown } from "lucide-react";
import { useId } from "react";
import { inputStyle } from "./inputStyle";

export type NativeOption<Value extends string> = { value: Value; label: string; group?: string };

type NativeSelectProps<Value extends string> = {
  label: string;
  /** The label is read out only: for filters, whose first option says what they are. */
  hideLabel?: boolean;
  /** Neighbours with the same group stand together under its name. */
  options: readonly NativeOption<Value>[];
  value: Value;
  onChange: (value: Value) => void;
};

/** The browser's own drop-down, for filters: it weighs nothing in the first load. */
export function NativeSelect<Value extends string>(props: NativeSelectProps<Value>) {
  const { label, hideLabel, options, value, onChange } = props;
  const id = useId();
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className={hideLabel ? "sr-only" : "w-fit font-semibold"}>
        {label}
      </label>
      <div className="relative">
        <select
          id={id}
          value={value}
          onChange={(event) => {
            const chosen = options.find((option) => option.value === event.target.value);
            if (chosen) onChange(chosen.value);
          }}
          className={`appearance-none ${inputStyle({ end: true })}`}
        >
          {grouped(options).map(({ group, members }) => {
            const items = members.map((option) => (
              <option key={option.value} value={option.value} className="bg-raised text-ink">
                {option.label}
              </option>
            ));
            if (group === undefined) return items;
            return (
              <optgroup key={group} label={group} className="bg-raised text-ink">
                {items}
              </optgroup>
            );
          })}
        </select>
        <ChevronDown
          aria-hidden="true"
          className="pointer-events-none absolute top-1/2 right-2.5 size-4 -translate-y-1/2 text-muted"
        />
      </div>
    </div>
  );
}

function grouped<Value extends string>(options: readonly NativeOption<Value>[]) {
  const groups: { group: string | undefined; members: NativeOption<Value>[] }[] = [];
  for (const option of options) {
    const last = groups.at(-1);
    if (last && last.group === option.group) last.members.push(option);
    else groups.push({ group: option.group, members: [option] });
  }
  return groups;
}
