import { Radio } from "@base-ui/react/radio";
import { RadioGroup as Base } from "@base-ui/react/radio-group";
import { useId, type Ref } from "react";
import { Field, type FieldIds, type FieldText } from "./Field";
import type { Option } from "./Select";

type RadiosProps<Value extends string> = {
  options: readonly Option<Value>[];
  value: Value;
  onChange: (value: Value) => void;
  onBlur?: () => void;
  name?: string;
  ref?: Ref<HTMLDivElement>;
};

type RadioGroupProps<Value extends string> = FieldText & RadiosProps<Value>;

export function RadioGroup<Value extends string>(props: RadioGroupProps<Value>) {
  const { label, hint, error, optional, ...radios } = props;
  return (
    <Field label={label} hint={hint} error={error} optional={optional} native={false}>
      {(ids) => <Radios {...ids} {...radios} />}
    </Field>
  );
}

/** The circles alone, for a <Field> that has more in it: a box to search them by. */
export function Radios<Value extends string>(props: FieldIds & RadiosProps<Value>) {
  const { options, onChange, labelId, ...rest } = props;
  return (
    <Base {...rest} aria-labelledby={labelId} onValueChange={onChange} className="grid gap-2.5 py-1">
      {options.map((option) => (
        <RadioOption key={option.value} option={option} />
      ))}
    </Base>
  );
}

function RadioOption({ option }: { option: Option<string> }) {
  const id = useId();
  return (
    <div className="flex items-start gap-2.5">
      <Radio.Root
        id={id}
        value={option.value}
        disabled={option.disabled}
        aria-labelledby={`${id}-label`}
        aria-describedby={option.description ? `${id}-description` : undefined}
        className="mt-0.5 grid size-4 shrink-0 place-items-center rounded-full border border-outline bg-surface data-checked:border-accent data-disabled:opacity-60 pointer-coarse:size-5"
      >
        <Radio.Indicator className="size-2 rounded-full bg-accent data-unchecked:hidden pointer-coarse:size-2.5" />
      </Radio.Root>
      <div className="min-w-0">
        <label id={`${id}-label`} htmlFor={id} className="block w-fit">
          {option.label}
        </label>
        {option.description && (
          <div id={`${id}-description`} className="text-sm text-pretty text-muted">
            {option.description}
          </div>
        )}
      </div>
    </div>
  );
}
