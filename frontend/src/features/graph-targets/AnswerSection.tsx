import type { Target } from "@/api/targets";
import { t } from "@/i18n/t";
import { explain } from "@/lib/explain";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Callout, type Tone } from "@/ui/Callout";
import { Section } from "@/ui/Card";
import { CodeBlock } from "@/ui/Copy";
import { Spinner } from "@/ui/Spinner";
import { changesThings } from "./call";
import { indent, isJson, nextLink } from "./json";
import { keptBytes, type Answer } from "./send";
import { formatMilliseconds, formatSize } from "./units";
import type { Calls, Exchange } from "./useConsole";

/** What became of the call that is on show. */
export function AnswerSection({ target, calls }: { target: Target; calls: Calls }) {
  const { shown, pending } = calls;
  return (
    <Section title={t("console.answer")}>
      <div role="status">
        {pending && (
          <p className="flex items-center gap-2 text-muted">
            <Spinner />
            {t("console.sending")}
          </p>
        )}
        {!pending && shown && <Summary exchange={shown} />}
        {!pending && !shown && <p className="text-muted">{t("console.none")}</p>}
      </div>
      {!pending && shown && typeof shown.outcome === "object" && (
        <AnswerParts answer={shown.outcome} target={target} calls={calls} />
      )}
    </Section>
  );
}

/** How it ended, in a line; read out when it is there. */
function Summary({ exchange: { call, outcome, milliseconds } }: { exchange: Exchange }) {
  const time = formatMilliseconds(milliseconds);
  const change = changesThings(call.method) && <p>{t("console.cancelledChange")}</p>;
  if (outcome === "cancelled") {
    return (
      <Callout tone="neutral" title={t("console.cancelled")}>
        <p>{t("console.cancelledText", { time })}</p>
        {change}
      </Callout>
    );
  }
  if (outcome === "unreachable") {
    return (
      <Callout tone="danger" title={t("error.network")}>
        <p>{t("error.networkDetail")}</p>
        {change}
      </Callout>
    );
  }
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <StatusCode status={outcome.status} />
      <span className="text-muted">{t("console.summary", { time, size: formatSize(outcome.size) })}</span>
    </p>
  );
}

export function StatusCode({ status }: { status: number }) {
  const tone: Tone = status >= 400 ? "danger" : status >= 200 && status < 300 ? "success" : "neutral";
  // A redirection that was not followed is told without its number.
  return <Badge tone={tone}>{status === 0 ? "3xx" : String(status)}</Badge>;
}

type AnswerPartsProps = { answer: Answer; target: Target; calls: Calls };

function AnswerParts({ answer, target, calls }: AnswerPartsProps) {
  return (
    <div className="mt-4 grid gap-4">
      {answer.problem && <Refusal answer={answer} />}
      {answer.status === 0 && (
        <Callout title={t("console.redirect")}>
          <p>{t("console.redirectText")}</p>
        </Callout>
      )}
      <Body answer={answer} target={target} calls={calls} />
      {answer.headers.length > 0 && <Headers answer={answer} />}
    </div>
  );
}

function Refusal({ answer: { problem } }: { answer: Answer }) {
  const { title, detail, fix } = explain(problem);
  return (
    <Callout tone="danger" title={t("console.fromLatchkey")}>
      <p>{[title, detail, fix].filter(Boolean).join(" ")}</p>
    </Callout>
  );
}

function Body({ answer, target, calls }: AnswerPartsProps) {
  const { text, size, cut, contentType } = answer;
  if (answer.status === 0) return null;
  if (size === 0) return <p className="text-muted">{t("console.noBody")}</p>;
  if (text === null) {
    const type = contentType || t("console.unknownType");
    return <p className="text-muted">{t("console.notText", { size: formatSize(size), type })}</p>;
  }
  const json = !cut && isJson(text);
  const next = json ? nextLink(text) : null;
  return (
    <>
      <CodeBlock bounded label={t("console.bodyAnswer")} code={json ? indent(text) : text} />
      {cut && <Callout title={t("console.cut", { size: formatSize(keptBytes) })} />}
      {next?.startsWith(`${target.url}/`) && (
        <div>
          <Button onClick={() => void calls.follow(next)}>{t("console.next")}</Button>
        </div>
      )}
    </>
  );
}

function Headers({ answer: { headers } }: { answer: Answer }) {
  return (
    <details>
      <summary className="w-fit cursor-pointer font-semibold">
        {t("console.headers", { count: headers.length })}
      </summary>
      <dl className="mt-2 grid gap-1 font-mono text-sm">
        {headers.map(([name, value]) => (
          <div key={name} className="wrap-anywhere">
            <dt className="inline text-muted">{name}: </dt>
            <dd className="inline">{value}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
