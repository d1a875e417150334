import { AlertDialog as Base } from "@base-ui/react/alert-dialog";
import { useRef, useState, type FormEvent, type ReactNode } from "react";
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

/** Asks before something is done that is hard to take back. */
export function ConfirmDialog({ open, onClose, title, ...question }: ConfirmDialogProps) {
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={backdropStyle} />
        <Base.Popup className={dialogStyle()}>
          <div className="overflow-y-auto p-6">
            <Base.Title className="text-xl font-semibold text-balance wrap-anywhere">{title}</Base.Title>
            <Question {...question} onClose={onClose} />
          </div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

type QuestionProps = Omit<ConfirmDialogProps, "open" | "title">;

function Question({ children, confirmLabel, danger, typedName, onConfirm, onClose }: QuestionProps) {
  const [typed, setTyped] = useState("");
  const nameInput = useRef<HTMLInputElement>(null);
  const [nameError, setNameError] = useState<string>();
  const [error, setError] = useState<unknown>(null);
  const [pending, setPending] = useState(false);

  async function confirm(event: FormEvent) {
    event.preventDefault();
    if (pending) return;
    if (typedName !== undefined && typed.trim() !== typedName.trim()) {
      setNameError(t("confirm.nameDiffers"));
      nameInput.current?.focus();
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
          ref={nameInput}
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
        <Button onClick={onClose}>{t("action.cancel")}</Button>
      </DialogActions>
    </form>
  );
}
