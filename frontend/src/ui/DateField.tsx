import { useId } from "react";
import { inputStyle } from "./inputStyle";

type DateFieldProps = {
  label: string;
  /** "2026-03-01" */
  value: string | undefined;
  min?: string | undefined;
  max?: string | undefined;
  onChange: (value: string | undefined) => void;
};

/** The browser's own date input, for filters: its label is beside it where there is room. */
export function DateField({ label, value, min, max, onChange }: DateFieldProps) {
  const id = useId();
  return (
    <div className="grid gap-1 sm:flex sm:items-center sm:gap-2">
      <label htmlFor={id} className="text-sm text-muted">
        {label}
      </label>
      <input
        id={id}
        type="date"
        value={value ?? ""}
        min={min}
        max={max}
        onChange={(event) => onChange(event.target.value === "" ? undefined : event.target.value)}
        className={inputStyle()}
      />
    </div>
  );
}
