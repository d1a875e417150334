import { Menu as Base } from "@base-ui/react/menu";
import { Check } from "lucide-react";
import type { ReactElement, ReactNode } from "react";
import { useLandmark } from "./landmark";
import { popupStyle } from "./popupStyle";

const itemStyle =
  "flex min-h-8 cursor-default items-center gap-2.5 rounded-md px-2.5 py-1 outline-none select-none data-disabled:text-muted data-highlighted:bg-hover pointer-coarse:min-h-11";

type MenuProps = {
  /** The button that opens it: `<Menu trigger={<Button>More</Button>}>`. */
  trigger: ReactElement;
  align?: "start" | "end";
  side?: "top" | "bottom";
  children: ReactNode;
};

export function Menu({ trigger, align = "end", side = "bottom", children }: MenuProps) {
  const { ref, portal } = useLandmark();
  return (
    <Base.Root>
      <Base.Trigger ref={ref} render={trigger} />
      <Base.Portal {...portal}>
        <Base.Positioner align={align} side={side} sideOffset={4} className="z-50">
          <Base.Popup className={`min-w-44 ${popupStyle}`}>{children}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

type MenuItemProps = {
  onClick: () => void;
  icon?: ReactNode;
  danger?: boolean;
  disabled?: boolean;
  children: ReactNode;
};

export function MenuItem({ onClick, icon, danger, disabled, children }: MenuItemProps) {
  return (
    <Base.Item
      onClick={onClick}
      disabled={disabled}
      className={`${itemStyle} ${danger ? "text-danger" : ""}`}
    >
      {icon}
      {children}
    </Base.Item>
  );
}

export function MenuSeparator() {
  return <Base.Separator className="mx-1 my-1 h-px bg-line" />;
}

type MenuChoiceProps<Value extends string> = {
  label: string;
  options: readonly { value: Value; label: string }[];
  value: Value;
  onChange: (value: Value) => void;
};

/** One choice out of a few, inside a menu. */
export function MenuChoice<Value extends string>({
  label,
  options,
  value,
  onChange,
}: MenuChoiceProps<Value>) {
  return (
    <Base.RadioGroup
      value={value}
      // Only values of `options` can be chosen.
      onValueChange={(next) => onChange(next as Value)}
    >
      <Base.GroupLabel className="px-2.5 pt-1.5 pb-1 text-xs font-semibold text-muted">
        {label}
      </Base.GroupLabel>
      {options.map((option) => (
        <Base.RadioItem key={option.value} value={option.value} className={itemStyle}>
          <span className="grid size-4 place-items-center">
            <Base.RadioItemIndicator>
              <Check aria-hidden="true" className="size-4 text-accent-ink" />
            </Base.RadioItemIndicator>
          </span>
          {option.label}
        </Base.RadioItem>
      ))}
    </Base.RadioGroup>
  );
}
