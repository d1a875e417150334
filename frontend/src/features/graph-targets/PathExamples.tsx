import { t } from "@/i18n/t";

const examples = [
  ["/me/sendMail", t("targets.exampleExact")],
  ["/me/messages/*", t("targets.exampleOne")],
  ["/me/messages/**", t("targets.exampleBelow")],
  ["/**", t("targets.exampleAll")],
] as const;

/** What patterns look like. */
export function PathExamples() {
  return (
    <details className="text-sm">
      <summary className="w-fit cursor-pointer text-muted hover:text-ink">
        {t("targets.pathsExamples")}
      </summary>
      <dl className="mt-2 grid gap-x-4 gap-y-1 sm:grid-cols-[auto_1fr]">
        {examples.map(([pattern, meaning]) => (
          <div key={pattern} className="sm:col-span-2 sm:grid sm:grid-cols-subgrid">
            <dt className="font-mono">{pattern}</dt>
            <dd className="text-muted">{meaning}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
