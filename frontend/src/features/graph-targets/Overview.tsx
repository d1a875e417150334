import type { Target } from "@/api/targets";
import { t } from "@/i18n/t";
import { formatDateTime } from "@/lib/format";
import { useCan } from "@/lib/permissions";
import { Section } from "@/ui/Card";
import { CodeBlock, CopyField } from "@/ui/Copy";
import { DescriptionList } from "@/ui/DescriptionList";
import { curlOf, methodsOf } from "./call";
import { KeyLink } from "./KeyLink";
import { inWords, isReachable, reached, samplePath } from "./paths";
import { Validate } from "./Validate";

/** Where programs call, what is allowed there, and whether the key can do it. */
export function Overview({ target }: { target: Target }) {
  const can = useCan();
  return (
    <div className="grid gap-5">
      <ToCall target={target} />
      <Bounds target={target} />
      {can("targets:write") && <Validate target={target} />}
    </div>
  );
}

function ToCall({ target }: { target: Target }) {
  const sample = samplePath(target);
  const [method = "GET"] = methodsOf(target);
  const curl = curlOf({ method, contentType: "application/json", body: "{}" }, target.url + sample);
  const key = target.accountKeyName;
  return (
    <Section title={t("targets.address")} description={t("targets.addressText", { key })}>
      <div className="grid max-w-2xl gap-5">
        <CopyField
          label={t("targets.addressLabel")}
          value={target.url}
          hint={sample && t("targets.addressHint", { sample, reached: reached(target, sample) })}
        />
        <div className="grid gap-1">
          <CodeBlock label={t("targets.start")} code={curl} />
          <p className="text-sm text-pretty text-muted">{t("targets.startHint")}</p>
        </div>
      </div>
    </Section>
  );
}

function Bounds({ target }: { target: Target }) {
  const created = { when: formatDateTime(target.createdAt), who: target.createdBy.name };
  return (
    <Section title={t("targets.bounds")}>
      <DescriptionList
        items={[
          [t("targets.accountKey"), <KeyLink key="key" target={target} />],
          [t("targets.methods"), <code key="methods">{target.allowedMethods.join(", ")}</code>],
          [t("targets.paths"), <Paths key="paths" target={target} />],
          [
            t("targets.basePath"),
            target.basePath ? <code key="base">{target.basePath}</code> : t("targets.allOfGraph"),
          ],
          [t("targets.apiVersion"), target.apiVersion],
          [t("targets.headers"), <Headers key="headers" target={target} />],
          [t("targets.timeoutShort"), t("targets.seconds", { count: target.timeoutSeconds })],
          [t("targets.createdLabel"), t("targets.createdBy", created)],
        ]}
      />
    </Section>
  );
}

function Paths({ target: { allowedPaths, basePath } }: { target: Target }) {
  return (
    <ul className="grid gap-1">
      {allowedPaths.map((pattern) => (
        <li key={pattern}>
          {inWords(pattern)}{" "}
          {inWords(pattern) !== pattern && <code className="text-xs text-muted">{pattern}</code>}
          {!isReachable(pattern, basePath) && (
            <span className="block text-sm text-warning">{t("targets.outsideBase", { base: basePath })}</span>
          )}
        </li>
      ))}
    </ul>
  );
}

function Headers({ target: { fixedHeaders } }: { target: Target }) {
  if (fixedHeaders.length === 0) return t("targets.none");
  return (
    <ul className="grid gap-1 font-mono text-sm">
      {fixedHeaders.map(({ name, value }) => (
        <li key={name}>
          {name}: {value}
        </li>
      ))}
    </ul>
  );
}
