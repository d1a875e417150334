import { useQuery } from "@tanstack/react-query";
import { instanceQuery } from "@/api/instance";
import { t } from "@/i18n/t";
import { Callout } from "@/ui/Callout";
import { Section } from "@/ui/Card";
import { CopyField } from "@/ui/Copy";
import { DescriptionList } from "@/ui/DescriptionList";
import { QueryView } from "@/ui/QueryView";

export function AboutSection() {
  const query = useQuery(instanceQuery);
  return (
    <QueryView query={query}>
      {(instance) => (
        <div className="grid gap-5">
          <Section title={t("settings.about")} description={t("settings.aboutText")}>
            <div className="grid max-w-2xl gap-4">
              <DescriptionList
                items={[
                  [t("settings.version"), instance.version],
                  [
                    t("settings.publicUrl"),
                    <span key="url" className="font-mono text-sm">
                      {instance.publicUrl}
                    </span>,
                  ],
                ]}
              />
              <CopyField
                label={t("settings.redirectUri")}
                value={instance.redirectUri}
                hint={t("settings.redirectUriHint")}
              />
              {instance.redirectUriWarnings.length > 0 && (
                <Callout tone="warning" title={t("settings.redirectUriWarning")}>
                  {instance.redirectUriWarnings.map((warning) => (
                    <p key={warning}>{warning}</p>
                  ))}
                </Callout>
              )}
            </div>
          </Section>
          <Section title={t("settings.developers")} description={t("settings.developersText")}>
            <ul className="grid gap-2">
              <li>
                <a className="link" href="/docs">
                  {t("settings.apiDocs")}
                </a>
              </li>
              <li>
                <a className="link" href="/openapi.json">
                  {t("settings.openapi")}
                </a>
              </li>
            </ul>
          </Section>
        </div>
      )}
    </QueryView>
  );
}
