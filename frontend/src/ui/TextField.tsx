import type { InputHTMLAttributes, ReactNode, Ref, TextareaHTMLAttributes } from "react";
import { Field, type FieldText } from "./Field";
import { inputStyle } from "./inputStyle";

type TextFieldProps = FieldText &
  Omit<InputHTMLAttributes<HTMLInputElement>, "className" | "id"> & {
    /** For ids, addresses and other things read letter by letter. */
    mono?: boolean;
    /** Shown inside the box, at its end: a button, a unit. */
    end?: ReactNode;
    ref?: Ref<HTMLInputElement>;
  };

export function TextField({
  label,
  hint,
  error,
  optional,
  mono,
  end,
  type = "text",
  ...input
}: TextFieldProps) {
  return (
    <Field label={label} hint={hint} error={error} optional={optional}>
      {({ labelId: _, ...ids }) => (
        <div className="relative">
          <input
            {...input}
            {...ids}
            type={type}
            spellCheck={mono ? false : input.spellCheck}
            className={inputStyle({ invalid: Boolean(error), mono, end: Boolean(end) })}
          />
          {end && <div className="absolute inset-y-0 right-0 flex items-center pr-0.5">{end}</div>}
        </div>
      )}
    </Field>
  );
}

type TextAreaProps = FieldText &
  Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, "className" | "id"> & {
    /** For code and other things read letter by letter. */
    mono?: boolean;
    ref?: Ref<HTMLTextAreaElement>;
  };

export function TextArea({ label, hint, error, optional, mono, rows = 3, ...area }: TextAreaProps) {
  return (
    <Field label={label} hint={hint} error={error} optional={optional}>
      {({ labelId: _, ...ids }) => (
        <textarea
          {...area}
          {...ids}
          rows={rows}
          spellCheck={mono ? false : area.spellCheck}
          className={inputStyle({ invalid: Boolean(error), kind: "area", mono })}
        />
      )}
    </Field>
  );
}
