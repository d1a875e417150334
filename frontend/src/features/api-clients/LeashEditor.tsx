import type { Problem } from "@/api/problem";
import { t } from "@/i18n/t";
import { Checkbox } from "@/ui/Checkbox";
import { FieldError } from "@/ui/Field";
import { TextArea, TextField } from "@/ui/TextField";
import { boundsMail, isAmount, methods, settled, type GraphMethod, type LeashDraft } from "./leash";

type LeashEditorProps = {
  draft: LeashDraft;
  onChange: (draft: LeashDraft) => void;
  problems: Problem["fields"];
};

/** The bounds of one leash. What excludes each other is switched off in place, with the reason beside it. */
export function LeashEditor({ draft, onChange, problems }: LeashEditorProps) {
  const set = (change: Partial<LeashDraft>) => onChange(settled({ ...draft, ...change }));
  const errorOf = (field: keyof LeashDraft) =>
    problems.find((problem) => problem.field === field || problem.field.startsWith(`${field}[`))?.message;
  const mail = boundsMail(draft);
  return (
    <div className="grid gap-4 border-l-2 border-line pl-4">
      <div className="grid gap-1">
        <Checkbox
          label={t("leash.raw")}
          description={mail ? t("leash.excluded") : t("leash.rawText")}
          disabled={mail}
          checked={draft.rawTokens}
          onChange={(rawTokens) => set({ rawTokens })}
        />
        <FieldError message={errorOf("rawTokens")} />
      </div>
      <div className="grid gap-2">
        <Checkbox
          label={t("leash.methods")}
          description={mail ? t("leash.readOnly") : undefined}
          disabled={mail}
          checked={draft.graphMethods !== null}
          onChange={(on) => set({ graphMethods: on ? ["GET"] : null })}
        />
        {draft.graphMethods && (
          <Methods
            value={draft.graphMethods}
            readOnly={mail}
            onChange={(graphMethods) => set({ graphMethods })}
          />
        )}
        <FieldError message={errorOf("graphMethods")} />
      </div>
      <Lines
        label={t("leash.paths")}
        of={t("leash.pathsAllowed")}
        hint={t("leash.pathsHint")}
        error={errorOf("graphPaths")}
        value={draft.graphPaths}
        onChange={(graphPaths) => set({ graphPaths })}
      />
      <Lines
        label={t("leash.recipients")}
        of={t("leash.recipientsAllowed")}
        hint={t("leash.recipientsHint")}
        error={errorOf("recipientDomains")}
        value={draft.recipientDomains}
        onChange={(recipientDomains) => set({ recipientDomains })}
      />
      <div className="max-w-60">
        <TextField
          optional
          inputMode="numeric"
          label={t("leash.sends")}
          hint={t("leash.sendsHint")}
          error={isAmount(draft.sendsPerDay) ? errorOf("sendsPerDay") : t("leash.sendsWrong")}
          value={draft.sendsPerDay}
          onChange={(event) => set({ sendsPerDay: event.target.value })}
        />
      </div>
    </div>
  );
}

const methodTexts = {
  GET: "leash.methodRead",
  POST: "leash.methodPost",
  PATCH: "leash.methodPatch",
  PUT: "leash.methodPut",
  DELETE: "leash.methodDelete",
} as const;

type MethodsProps = {
  value: GraphMethod[];
  readOnly: boolean;
  onChange: (value: GraphMethod[]) => void;
};

function Methods({ value, readOnly, onChange }: MethodsProps) {
  return (
    <div role="group" aria-label={t("leash.methodsAllowed")} className="grid gap-2 pl-6">
      <div className="flex flex-wrap gap-x-5 gap-y-2">
        {methods.map((method) => (
          <Checkbox
            key={method}
            label={t(methodTexts[method])}
            disabled={readOnly && method !== "GET"}
            checked={value.includes(method)}
            onChange={(on) => onChange(on ? [...value, method] : value.filter((other) => other !== method))}
          />
        ))}
      </div>
      {value.length === 0 && <p className="text-sm text-muted">{t("leash.methodsNone")}</p>}
    </div>
  );
}

type LinesProps = {
  label: string;
  /** What the list is of, once there is one. */
  of: string;
  hint: string;
  error: string | undefined;
  value: string | null;
  onChange: (value: string | null) => void;
};

function Lines({ label, of, hint, error, value, onChange }: LinesProps) {
  return (
    <div className="grid gap-2">
      <Checkbox label={label} checked={value !== null} onChange={(on) => onChange(on ? "" : null)} />
      {value !== null && (
        <div className="pl-6">
          <TextArea
            rows={3}
            label={of}
            hint={hint}
            error={error}
            spellCheck={false}
            autoCapitalize="none"
            value={value}
            onChange={(event) => onChange(event.target.value)}
          />
        </div>
      )}
    </div>
  );
}
