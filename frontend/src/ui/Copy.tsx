import { Check, Copy as CopyIcon } from "lucide-react";
import { useEffect, useId, useRef, useState, type ReactNode } from "react";
import { t } from "@/i18n/t";
import { copyText } from "@/lib/clipboard";
import { Button } from "./Button";
import { Callout } from "./Callout";

type CopyButtonProps = {
  value: string;
  /** What is copied: "Redirect URI". Read out with the button. */
  label: string;
  /** What the button says in place of "Copy", where that says it all. */
  text?: string;
  /** Called when the browser refuses to copy, to select the text instead. */
  onFail?: () => void;
};

export function CopyButton({ value, label, text, onFail }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<"copied" | "failed" | null>(null);
  useEffect(() => {
    if (outcome === null) return;
    const timer = window.setTimeout(() => setOutcome(null), 3000);
    return () => window.clearTimeout(timer);
  }, [outcome]);

  async function copy() {
    const copied = await copyText(value);
    setOutcome(copied ? "copied" : "failed");
    if (!copied) onFail?.();
  }

  return (
    <>
      <Button
        aria-label={text ?? t("copy.copyNamed", { label })}
        icon={
          outcome === "copied" ? (
            <Check aria-hidden="true" className="size-4 text-success" />
          ) : (
            <CopyIcon aria-hidden="true" className="size-4" />
          )
        }
        onClick={() => void copy()}
      >
        {outcome === "copied" ? t("copy.copied") : (text ?? t("copy.copy"))}
      </Button>
      <span role="status" className="sr-only">
        {outcome === "copied" && t("copy.copied")}
        {outcome === "failed" && t("copy.failed")}
      </span>
    </>
  );
}

type CopyFieldProps = { label: string; value: string; hint?: ReactNode };

/** A value to carry elsewhere: read-only, selected whole on focus, with a button that copies it. */
export function CopyField({ label, value, hint }: CopyFieldProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className="w-fit font-semibold">
        {label}
      </label>
      <div className="flex flex-wrap gap-2">
        <input
          ref={input}
          id={id}
          readOnly
          value={value}
          aria-describedby={hint ? `${id}-hint` : undefined}
          onFocus={(event) => event.target.select()}
          className="h-8 min-w-0 grow basis-72 rounded-md border border-line bg-sunken px-2.5 font-mono text-sm text-ink max-sm:text-xs pointer-coarse:h-11"
        />
        <CopyButton value={value} label={label} onFail={() => input.current?.focus()} />
      </div>
      {hint && (
        <div id={`${id}-hint`} className="text-sm text-pretty text-muted">
          {hint}
        </div>
      )}
    </div>
  );
}

type SecretOnceProps = { title?: string; label: string; secret: string; hint?: ReactNode };

/** A secret at the only moment it can be seen. */
export function SecretOnce({ title = t("secret.onceTitle"), label, secret, hint }: SecretOnceProps) {
  return (
    <div className="grid gap-3">
      <Callout tone="warning" title={title}>
        <p>{t("secret.onceText")}</p>
      </Callout>
      <CopyField label={label} value={secret} hint={hint} />
    </div>
  );
}

type CodeBlockProps = {
  label: string;
  code: string;
  /** Scrolls in itself when it is long. */
  bounded?: boolean;
};

/** Something to run in a terminal or to read as it is, whole, with a button that copies it. */
export function CodeBlock({ label, code, bounded }: CodeBlockProps) {
  const id = useId();
  return (
    <div className="grid gap-1">
      <div className="flex items-end justify-between gap-2">
        <span id={id} className="font-semibold">
          {label}
        </span>
        <CopyButton value={code} label={label} />
      </div>
      <pre
        // Scrolls sideways, so the keyboard must reach it.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        role="region"
        aria-labelledby={id}
        className={`overflow-x-auto rounded-md border border-line bg-sunken p-3 font-mono text-sm ${bounded ? "max-h-[32rem]" : ""}`}
      >
        <code>{code}</code>
      </pre>
    </div>
  );
}
