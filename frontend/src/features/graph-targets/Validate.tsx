import { useValidateTarget, type Target, type TargetReport } from "@/api/targets";
import { t } from "@/i18n/t";
import { useField, useForm } from "@/lib/form";
import { z } from "@/lib/zod";
import { Button } from "@/ui/Button";
import { Callout } from "@/ui/Callout";
import { Section } from "@/ui/Card";
import { Finding, findingTones } from "@/ui/Finding";
import { FormError } from "@/ui/FormError";
import { NativeSelect } from "@/ui/NativeSelect";
import { TextField } from "@/ui/TextField";
import { pathOf } from "./call";
import { samplePath } from "./paths";

const schema = z.object({ method: z.string(), path: z.string() });

const summaries = {
  passed: t("targets.reportPassed"),
  failed: t("targets.reportFailed"),
  inconclusive: t("targets.reportInconclusive"),
  skipped: t("targets.reportInconclusive"),
} satisfies Record<TargetReport["result"], string>;

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"].map((value) => ({ value, label: value }));

/** Asks whether a call would work there, without making it. */
export function Validate({ target }: { target: Target }) {
  const form = useForm(schema, { method: target.allowedMethods[0] ?? "GET", path: samplePath(target) });
  const method = useField(form.control, "method");
  const validate = useValidateTarget(target.id);
  const report = validate.isPending ? undefined : validate.data;
  return (
    <Section title={t("targets.validate")} description={t("targets.validateText")}>
      <form
        noValidate
        onSubmit={form.submit((values) => {
          const path = pathOf(target, values.path);
          return validate.mutateAsync(path === "" ? {} : { method: values.method, path });
        })}
        className="grid max-w-2xl gap-4"
      >
        <div className="grid gap-3 sm:grid-cols-[8rem_1fr] sm:items-start">
          <NativeSelect
            label={t("targets.method")}
            options={methods}
            value={method.value}
            onChange={method.onChange}
          />
          <TextField
            mono
            label={t("targets.pathAndQuery")}
            hint={t("targets.validatePathHint")}
            autoComplete="off"
            {...form.text("path")}
          />
        </div>
        <FormError problem={form.problem} />
        <div>
          <Button type="submit" pending={form.pending}>
            {t("targets.validateAction")}
          </Button>
        </div>
      </form>
      <div role="status" className="mt-4 empty:hidden">
        {validate.isPending && <p className="text-muted">{t("targets.checking")}</p>}
        {report && <Callout tone={findingTones[report.result]} title={summaries[report.result]} />}
      </div>
      {report && (
        <ul className="mt-2 divide-y divide-line">
          {report.checks.map(({ id, ...finding }) => (
            <Finding key={id} {...finding} />
          ))}
        </ul>
      )}
    </Section>
  );
}
