import { Select as Base } from "@base-ui/react/select";
import { Check, ChevronDown } from "lucide-react";
import type { ReactNode, Ref } from "react";
import { Field, type FieldText } from "./Field";
import { inputStyle } from "./inputStyle";
import { useLandmark } from "./landmark";
import { popupStyle } from "./popupStyle";

export type Option<Value extends string> = {
  value: Value;
  label: string;
  description?: ReactNode;
  disabled?: boolean;
};

type SelectProps<Value extends string> = FieldText & {
  options: readonly Option<Value>[];
  value: Value;
  onChange: (value: Value) => void;
  onBlur?: () => void;
  name?: string;
  disabled?: boolean;
  ref?: Ref<HTMLButtonElement>;
};

/** A drop-down. Takes arrow keys, Home, End, and the first letters of an option, as a native one does. */
export function Select<Value extends string>(props: SelectProps<Value>) {
  const { options, value, onChange, onBlur, name, disabled, ref, ...text } = props;
  const landmark = useLandmark();
  return (
    <Field {...text} native={false}>
      {({ labelId, ...ids }) => (
        <Base.Root
          items={options}
          value={value}
          onValueChange={(next) => next !== null && onChange(next)}
          name={name}
          disabled={disabled}
        >
          <Base.Trigger
            {...ids}
            ref={ref}
            aria-labelledby={labelId}
            onBlur={onBlur}
            className={`flex items-center justify-between gap-2 text-left ${inputStyle({ invalid: Boolean(text.error) })}`}
          >
            <Base.Value ref={landmark.ref} className="min-w-0 truncate" />
            <Base.Icon>
              <ChevronDown aria-hidden="true" className="size-4 text-muted" />
            </Base.Icon>
          </Base.Trigger>
          <Base.Portal {...landmark.portal}>
            <Base.Positioner sideOffset={4} alignItemWithTrigger={false} className="z-50">
              <Base.Popup className={`min-w-(--anchor-width) ${popupStyle}`}>
                <Base.List className="max-h-[min(20rem,var(--available-height))] overflow-y-auto">
                  {options.map((option) => (
                    <SelectItem key={option.value} option={option} />
                  ))}
                </Base.List>
              </Base.Popup>
            </Base.Positioner>
          </Base.Portal>
        </Base.Root>
      )}
    </Field>
  );
}

function SelectItem({ option }: { option: Option<string> }) {
  return (
    <Base.Item
      value={option.value}
      disabled={option.disabled}
      className="grid cursor-default grid-cols-[1rem_1fr] items-start gap-2 rounded-md px-2 py-1.5 outline-none data-disabled:text-muted data-highlighted:bg-hover pointer-coarse:py-2.5"
    >
      <Base.ItemIndicator className="col-start-1 mt-0.5">
        <Check aria-hidden="true" className="size-4 text-accent-ink" />
      </Base.ItemIndicator>
      <span className="col-start-2 min-w-0">
        <Base.ItemText>{option.label}</Base.ItemText>
        {option.description && <span className="block text-sm text-muted">{option.description}</span>}
      </span>
    </Base.Item>
  );
}
