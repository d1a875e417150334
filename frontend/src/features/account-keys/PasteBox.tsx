import { useState, type ClipboardEvent } from "react";
import { countFound, hidesSecret, readOutput, type FoundDetails } from "@/features/app-registration";
import { t } from "@/i18n/t";
import { TextArea } from "@/ui/TextField";
import type { DetailsForm } from "./detailsForm";

const names = {
  tenantId: t("wizard.tenantId"),
  clientId: t("wizard.clientId"),
  clientSecret: t("wizard.secret"),
};

const fields = ["tenantId", "clientId", "clientSecret"] as const;

/** Puts what a script printed into the fields, and tells which it filled. */
export function usePaste(form: DetailsForm) {
  const [filled, setFilled] = useState("");

  function fill(found: FoundDetails) {
    const present = fields.filter((field) => found[field] !== undefined);
    for (const field of present) {
      form.set(field, found[field] ?? "", { shouldDirty: true, shouldValidate: true });
    }
    setFilled(present.map((field) => names[field]).join(", "));
  }

  return {
    filled,
    fill,
    /** Once it is sent, what was filled in says nothing of what stands there. */
    forget: () => setFilled(""),
    /** For any of the three inputs: text that holds several of them goes where each belongs. */
    onPaste: (event: ClipboardEvent<HTMLElement>) => {
      const found = readOutput(event.clipboardData.getData("text"));
      if (countFound(found) < 2) return;
      event.preventDefault();
      fill(found);
    },
  };
}

type PasteBoxProps = { filled: string; onFound: (found: FoundDetails) => void };

/** Takes all that a script printed. What it understood leaves the box at once: a secret is among it. */
export function PasteBox({ filled, onFound }: PasteBoxProps) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string>();

  function take(next: string) {
    const found = readOutput(next);
    const understood = countFound(found) > 0;
    if (understood) onFound(found);
    setText(understood ? "" : next);
    setProblem(problemOf(next, found));
  }

  return (
    <div className="grid gap-1">
      <details className="rounded-md border border-line px-3 py-2">
        <summary className="cursor-pointer font-semibold">{t("paste.title")}</summary>
        <div className="mt-3 pb-2">
          <TextArea
            rows={3}
            label={t("paste.label")}
            hint={t("paste.hint")}
            error={problem}
            autoComplete="off"
            spellCheck={false}
            value={text}
            onPaste={(event) => {
              event.preventDefault();
              take(event.clipboardData.getData("text"));
            }}
            // Typed or dropped: looked at when it is left, for half a line means nothing.
            onChange={(event) => setText(event.target.value)}
            onBlur={() => text.trim() !== "" && take(text)}
          />
        </div>
      </details>
      <p role="status" className="text-sm text-success">
        {filled && t("paste.filled", { fields: filled })}
      </p>
    </div>
  );
}

function problemOf(text: string, found: FoundDetails): string | undefined {
  if (found.clientSecret === undefined && hidesSecret(text)) return t("paste.hidden");
  return countFound(found) === 0 && text.trim() !== "" ? t("paste.nothing") : undefined;
}
