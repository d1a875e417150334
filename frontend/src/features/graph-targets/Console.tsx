import { Send } from "lucide-react";
import type { FormEvent, KeyboardEvent } from "react";
import type { Target } from "@/api/targets";
import { t } from "@/i18n/t";
import { Button } from "@/ui/Button";
import { Section } from "@/ui/Card";
import { CopyButton } from "@/ui/Copy";
import { NativeSelect } from "@/ui/NativeSelect";
import { TextArea, TextField } from "@/ui/TextField";
import { AnswerSection } from "./AnswerSection";
import { addressOf, changesThings, curlOf, hasBody, methodsOf, pathOf } from "./call";
import { HistorySection } from "./HistorySection";
import { isJson } from "./json";
import { reached } from "./paths";
import type { Calls } from "./useConsole";

/** Makes calls through the target, as a program would. */
export function Console({ target, calls }: { target: Target; calls: Calls }) {
  return (
    <div className="grid gap-5">
      <Section title={t("console.call")} description={t("console.callText", { key: target.accountKeyName })}>
        <CallForm target={target} calls={calls} />
      </Section>
      <AnswerSection target={target} calls={calls} />
      {calls.history.length > 0 && <HistorySection calls={calls} />}
    </div>
  );
}

/** Ctrl+Enter sends from anywhere in the form. */
function press(event: KeyboardEvent<HTMLFormElement>) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  event.currentTarget.requestSubmit();
}

function CallForm({ target, calls }: { target: Target; calls: Calls }) {
  const { draft, change, error } = calls;
  const { method } = draft;
  const address = addressOf(target, draft.path);
  const [path = ""] = pathOf(target, draft.path).split("?");

  function submit(event: FormEvent) {
    event.preventDefault();
    void calls.send();
  }

  return (
    // Its inputs are what is pressed; the shortcut is heard here for all of them.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <form noValidate onSubmit={submit} onKeyDown={press} className="grid gap-4">
      <div className="grid gap-3 sm:grid-cols-[8rem_1fr] sm:items-start">
        <NativeSelect
          label={t("targets.method")}
          options={methodsOf(target).map((value) => ({ value, label: value }))}
          value={method}
          onChange={(next) => change({ method: next })}
        />
        <TextField
          mono
          label={t("targets.pathAndQuery")}
          hint={t("console.reaches", { path: reached(target, path) })}
          error={error}
          autoComplete="off"
          value={draft.path}
          onChange={(event) => change({ path: event.target.value })}
        />
      </div>
      {hasBody(method) && <BodyFields calls={calls} />}
      <div className="flex flex-wrap items-center gap-2">
        <Button
          type="submit"
          variant="primary"
          pending={calls.pending}
          icon={<Send aria-hidden="true" className="size-4" />}
        >
          {t("console.send")}
        </Button>
        {calls.pending && <Button onClick={calls.cancel}>{t("console.cancel")}</Button>}
        {address.error === undefined && (
          <CopyButton
            label={t("console.copyCurl")}
            text={t("console.copyCurl")}
            value={curlOf(draft, address.shared)}
          />
        )}
        <p className="text-sm text-muted">
          {changesThings(method) && (
            <span className="font-semibold text-warning">{t("console.changes", { method })} </span>
          )}
          <span className="pointer-coarse:hidden">{t("console.shortcut")}</span>
        </p>
      </div>
    </form>
  );
}

function BodyFields({ calls: { draft, change } }: { calls: Calls }) {
  const odd = draft.body !== "" && draft.contentType.includes("json") && !isJson(draft.body);
  return (
    <>
      <TextArea
        mono
        rows={8}
        label={t("console.body")}
        hint={odd && t("console.notJson")}
        value={draft.body}
        onChange={(event) => change({ body: event.target.value })}
      />
      <div className="max-w-sm">
        <TextField
          mono
          label={t("console.contentType")}
          autoComplete="off"
          value={draft.contentType}
          onChange={(event) => change({ contentType: event.target.value })}
        />
      </div>
    </>
  );
}
