import { AlertDialog as Base } from "@base-ui/react/alert-dialog";
import { useRef, useState, type FormEvent, type KeyboardEvent, type ReactNode, type RefObject } from "react";
import { t } from "@/i18n/t";
import { Button } from "./Button";
import { backdropStyle, DialogActions, dialogStyle } from "./Dialog";
import { FormError } from "./FormError";
import { TextField } from "./TextField";

type ConfirmDialogProps = {
  open: boolean;
  onClose: () => void;
  title: string;
  /** What will happen, in a sentence or two. */
  children: ReactNode;
  confirmLabel: string;
  danger?: boolean;
  /** The name that has to be typed before something that can't be undone. */
  typedName?: string;
  /** Runs on confirmation. When it resolves the dialog closes; when it fails the dialog shows why and stays. */
  onConfirm: () => Promise<unknown>;
};

/**
 * Asks before something is done that is hard to take back. Focus begins at the way out, or at the name to type: who
 * pressed Enter in a menu a little too long has confirmed nothing. What runs is waited for, so that its failure is seen.
 */
export function ConfirmDialog({ open, onClose, title, ...question }: ConfirmDialogProps) {
  const [pending, setPending] = useState(false);
  const name = useRef<HTMLInputElement>(null);
  const cancel = useRef<HTMLButtonElement>(null);
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && !pending && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={backdropStyle} />
        <Base.Popup
          className={dialogStyle()}
          initialFocus={(how) => how === "touch" || (name.current ?? cancel.current ?? true)}
          onKeyDown={ignoreHeldKey}
        >
          <div className="overflow-y-auto p-6">
            <Base.Title className="text-xl font-semibold text-balance wrap-anywhere">{title}</Base.Title>
            <Question
              {...question}
              onClose={onClose}
              pending={pending}
              setPending={setPending}
              name={name}
              cancel={cancel}
            />
          </div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** Enter held since the menu or button that opened the dialog answers nothing in it. */
function ignoreHeldKey(event: KeyboardEvent) {
  if (event.repeat && event.key === "Enter") event.preventDefault();
}

type QuestionProps = Omit<ConfirmDialogProps, "open" | "title"> & {
  pending: boolean;
  setPending: (pending: boolean) => void;
  name: RefObject<HTMLInputElement | null>;
  cancel: RefObject<HTMLButtonElement | null>;
};

function Question({ children, confirmLabel, danger, typedName, onConfirm, onClose, ...rest }: QuestionProps) {
  const { pending, setPending, name, cancel } = rest;
  const [typed, setTyped] = useState("");
  const [nameError, setNameError] = useState<string>();
  const [error, setError] = useState<unknown>(null);

  async function confirm(event: FormEvent) {
    event.preventDefault();
    if (pending) return;
    if (typedName !== undefined && typed.trim() !== typedName.trim()) {
      setNameError(t("confirm.nameDiffers"));
      name.current?.focus();
      return;
    }
    setPending(true);
    setError(null);
    try {
      await onConfirm();
      onClose();
    } catch (failure) {
      setError(failure);
    } finally {
      setPending(false);
    }
  }

  return (
    <form onSubmit={(event) => void confirm(event)} noValidate className="mt-2 grid gap-4">
      <Base.Description render={<div />} className="grid gap-2 text-pretty text-muted">
        {children}
      </Base.Description>
      {typedName !== undefined && (
        <TextField
          label={t("confirm.typeName", { name: typedName })}
          ref={name}
          value={typed}
          autoComplete="off"
          spellCheck={false}
          error={nameError}
          onChange={(event) => {
            setTyped(event.target.value);
            setNameError(undefined);
          }}
        />
      )}
      <FormError problem={error === null ? null : { error, unplaced: [] }} />
      <DialogActions>
        <Button type="submit" variant={danger ? "danger" : "primary"} pending={pending}>
          {confirmLabel}
        </Button>
        <Button ref={cancel} disabled={pending} onClick={onClose}>
          {t("action.cancel")}
        </Button>
      </DialogActions>
    </form>
  );
}
