import { CircleAlert } from "lucide-react";
import { useId, type ReactNode } from "react";
import { t } from "@/i18n/t";

export type FieldText = {
  label: ReactNode;
  /** Help below the label's input; stays when there is an error. */
  hint?: ReactNode;
  error?: string | undefined;
  optional?: boolean;
};

export type FieldIds = {
  id: string;
  labelId: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
};

type FieldProps = FieldText & {
  /** Names what `label` would be the label of, when that is no native input. */
  native?: boolean;
  children: (ids: FieldIds) => ReactNode;
};

/** Label, hint and error around one input, tied together for assistive technology. */
export function Field({ label, hint, error, optional, native = true, children }: FieldProps) {
  const id = useId();
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  const labelId = `${id}-label`;
  const describedBy = [error && errorId, hint && hintId].filter(Boolean).join(" ") || undefined;
  const Label = native ? "label" : "span";
  return (
    <div className="grid gap-1">
      <Label id={labelId} htmlFor={native ? id : undefined} className="w-fit font-semibold">
        {label}
        {optional && <span className="font-normal text-muted"> {t("field.optional")}</span>}
      </Label>
      {children({ id, labelId, "aria-describedby": describedBy, "aria-invalid": error ? true : undefined })}
      <FieldError id={errorId} message={error} />
      {hint && (
        <div id={hintId} className="text-sm text-pretty text-muted">
          {hint}
        </div>
      )}
    </div>
  );
}

export function FieldError({ id, message }: { id?: string; message: string | undefined }) {
  if (!message) return null;
  return (
    <p id={id} className="flex items-start gap-1.5 text-sm text-danger">
      <CircleAlert aria-hidden="true" className="mt-px size-4 shrink-0" />
      <span className="min-w-0 wrap-anywhere">{message}</span>
    </p>
  );
}
