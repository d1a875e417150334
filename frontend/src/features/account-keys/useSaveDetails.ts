import { useNavigate } from "@tanstack/react-router";
import { useRef, useState, type FormEvent } from "react";
import type { AccountKey, AccountKeyChange } from "@/api/account-keys";
import { useStartAuthorization } from "@/api/authorizations";
import { t } from "@/i18n/t";
import { openDialogWindow, rememberReturn } from "@/lib/authorizing";
import { toast } from "@/ui/toast";
import { changeOf, endsGrant, showSaved, type DetailsForm, type DetailsValues } from "./detailsForm";

type Way = "authorize" | "later";

type Details = {
  accountKey: AccountKey;
  form: DetailsForm;
  onSave: (change: AccountKeyChange) => Promise<AccountKey>;
  onStarted: (attemptId: string) => void;
};

/** Saves the details, by either button: to go on to Microsoft's dialog, or to leave the wizard. */
export function useSaveDetails({ accountKey, form, onSave, onStarted }: Details) {
  const start = useStartAuthorization(accountKey.id);
  const navigate = useNavigate();
  const popup = useRef<Window | null>(null);
  const element = useRef<HTMLFormElement>(null);
  const chosen = useRef<Way>("authorize");
  const agreed = useRef(false);
  const [asking, setAsking] = useState(false);
  const [running, setRunning] = useState<Way>("authorize");

  const save = async (values: DetailsValues) => {
    const saved = await onSave(changeOf(values));
    showSaved(form, saved);
    return saved;
  };

  async function authorize(values: DetailsValues) {
    const dialog = popup.current;
    popup.current = null;
    try {
      await save(values);
      const { id, url } = await start.mutateAsync("popup");
      if (url === undefined) throw new Error("no url");
      // Not before: beside what is wrong with it stands the secret that it is about.
      form.set("clientSecret", "");
      if (dialog) {
        dialog.location.replace(url);
        onStarted(id);
      } else {
        rememberReturn(id, accountKey.id);
        window.location.assign(url);
      }
    } catch (error) {
      dialog?.close();
      throw error;
    }
  }

  async function finishLater(values: DetailsValues) {
    const { id, status, displayName: name } = await save(values);
    toast.success(status === "draft" ? t("wizard.savedDraft", { name }) : t("wizard.savedKey", { name }));
    await navigate({ to: "/account-keys", search: { fresh: id } });
  }

  function openAtClick() {
    // Or the browser takes it for an advertisement. What is missing is found without one.
    const { tenantId, clientId, clientSecret } = form.values();
    const complete = tenantId && clientId && (clientSecret || accountKey.clientSecret.set);
    popup.current = complete ? openDialogWindow() : null;
  }

  function submit(event: FormEvent<HTMLFormElement>) {
    if (!agreed.current && endsGrant(accountKey, form.values())) {
      event.preventDefault();
      setAsking(true);
      return;
    }
    agreed.current = false;
    setRunning(chosen.current);
    if (chosen.current === "authorize") openAtClick();
    form.submit(chosen.current === "authorize" ? authorize : finishLater)(event);
  }

  /** What a button of the form needs to be one of the two ways. */
  const by = (way: Way) => ({
    type: "submit" as const,
    pending: form.pending && running === way,
    disabled: form.pending,
    onClick: () => (chosen.current = way),
  });

  return {
    form: { ref: element, onSubmit: submit },
    by,
    /** Whether a question is open: what is saved would end the authorization in force. */
    asking,
    agree: () => {
      agreed.current = true;
      element.current?.requestSubmit();
      return Promise.resolve();
    },
    closeQuestion: () => setAsking(false),
  };
}
