import { Checkbox as Base } from "@base-ui/react/checkbox";
import { Check } from "lucide-react";
import { useId, type ReactNode, type Ref } from "react";

type CheckboxProps = {
  label: ReactNode;
  description?: ReactNode;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
  name?: string;
  ref?: Ref<HTMLElement>;
};

export function Checkbox({ label, description, checked, onChange, ref, ...rest }: CheckboxProps) {
  const id = useId();
  return (
    <div className="flex items-start gap-2.5 rounded-md">
      <Base.Root
        {...rest}
        id={id}
        ref={ref}
        checked={checked}
        onCheckedChange={onChange}
        aria-labelledby={`${id}-label`}
        aria-describedby={description ? `${id}-description` : undefined}
        className="mt-0.5 grid size-4 shrink-0 place-items-center rounded-sm border border-outline bg-surface data-checked:border-accent data-checked:bg-accent data-disabled:opacity-60 pointer-coarse:size-5"
      >
        <Base.Indicator className="text-on-accent">
          <Check aria-hidden="true" className="size-3.5" strokeWidth={3} />
        </Base.Indicator>
      </Base.Root>
      <div className="min-w-0">
        <label id={`${id}-label`} htmlFor={id} className="block w-fit">
          {label}
        </label>
        {description && (
          <div id={`${id}-description`} className="text-sm text-pretty text-muted">
            {description}
          </div>
        )}
      </div>
    </div>
  );
}
