import { zodResolver } from "@hookform/resolvers/zod";
import { useEffect, useState, type FormEvent } from "react";
import {
  get,
  useController,
  useFieldArray,
  useForm as useHookForm,
  useFormState,
  type ArrayPath,
  type Control,
  type DefaultValues,
  type FieldPath,
  type FieldValues,
  type PathValue,
} from "react-hook-form";
import type { z } from "zod";
import { isProblem, type Problem } from "@/api/problem";

/** What is left of a failed submission once its field errors are on their inputs. Null when there is nothing. */
export type FormProblem = { error: unknown; unplaced: Problem["fields"] } | null;

/**
 * A form whose shape and messages come from a schema, and whose last word is the server's: when a submission fails
 * with a Problem that names fields, each message lands on its input and the first one is focused; anything else is
 * in `problem`, for <FormError> above the button.
 */
export function useForm<Values extends FieldValues>(
  schema: z.ZodType<Values, Values>,
  defaults: DefaultValues<NoInfer<Values>>,
) {
  const hook = useHookForm<Values>({
    resolver: zodResolver(schema),
    defaultValues: defaults,
    shouldFocusError: false, // it would go by the order of registration, which need not be the one on the page
  });
  const [problem, setProblem] = useState<FormProblem>(null);
  const { errors, isSubmitting } = hook.formState;

  const errorOf = (name: FieldPath<Values>): string | undefined => {
    const found: { message?: unknown } | undefined = get(errors, name);
    return typeof found?.message === "string" ? found.message : undefined;
  };

  const [refused, setRefused] = useState<{ form: HTMLFormElement } | null>(null);
  useEffect(() => {
    if (refused) focusFirstInvalid(refused.form);
  }, [refused]);

  function place(error: unknown): FieldPath<Values>[] {
    const values = hook.getValues();
    // "rows.1.name" is an input of its own; "rows[1].name", as the server writes it, is for the form to place.
    const known = (field: string): field is FieldPath<Values> =>
      field in values || (!field.includes("[") && get(values, field) !== undefined);
    const fields = isProblem(error) ? error.fields : [];
    const unplaced = fields.filter((field) => !known(field.field));
    const placed: FieldPath<Values>[] = [];
    for (const { field, code, message } of fields) {
      if (!known(field)) continue;
      hook.setError(field, { type: code, message });
      placed.push(field);
    }
    setProblem(fields.length > 0 && unplaced.length === 0 ? null : { error, unplaced });
    return placed;
  }

  return {
    control: hook.control,
    values: hook.getValues,
    watch: hook.watch,
    set: hook.setValue,
    setError: hook.setError,
    pending: isSubmitting,
    problem,
    /** Shows an error that came from elsewhere (a job, a later step) as if the submission had failed with it. */
    place: (error: unknown) => {
      const [first] = place(error);
      if (first) hook.setFocus(first);
    },
    /** Everything a text input needs: `<TextField label=… {...form.text("name")} />`. */
    text: (name: FieldPath<Values>) => ({ ...hook.register(name), error: errorOf(name) }),
    /** The form's onSubmit: validates, runs `act`, and puts what the server refuses where it belongs. */
    submit: (act: (values: Values) => Promise<unknown>) => (event: FormEvent<HTMLFormElement>) => {
      event.preventDefault();
      if (isSubmitting) return;
      const form = event.currentTarget;
      let wrong = false;
      setProblem(null);
      const run = hook.handleSubmit(
        async (values) => {
          try {
            await act(values);
          } catch (error) {
            place(error);
            wrong = true;
          }
        },
        () => (wrong = true),
      );
      // Only now are the messages on their way to the page, and the inputs marked.
      void run(event).then(() => wrong && setRefused({ form }));
    },
  };
}

/** The first wrong input on the page takes the focus; of a group, the first thing in it that can. */
function focusFirstInvalid(form: HTMLFormElement) {
  const invalid = form.querySelector<HTMLElement>('[aria-invalid="true"]');
  if (!invalid) return;
  const focusable = "input, select, textarea, button, [tabindex]";
  const target = invalid.matches(focusable) ? invalid : invalid.querySelector<HTMLElement>(focusable);
  target?.focus();
}

/** Everything a part that is no plain input needs: `<Select label=… {...useField(form.control, "role")} />`. */
export function useField<Values extends FieldValues, Name extends FieldPath<Values>>(
  control: Control<Values>,
  name: Name,
) {
  const { field, fieldState } = useController({ control, name });
  return {
    name: field.name,
    ref: field.ref,
    value: field.value,
    onChange: (value: PathValue<Values, Name>) => field.onChange(value),
    onBlur: field.onBlur,
    error: fieldState.error?.message,
  };
}

/** A list of rows. Each has an id of its own, and inputs by its place: `form.text(`headers.${index}.name`)`. */
export function useRows<Values extends FieldValues, Name extends ArrayPath<Values>>(
  control: Control<Values>,
  name: Name,
) {
  const { errors } = useFormState({ control });
  const found: { message?: unknown } | undefined = get(errors, name);
  const error = typeof found?.message === "string" ? found.message : undefined;
  return { ...useFieldArray({ control, name }), error };
}
