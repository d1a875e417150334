import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { AccountKey } from "@/api/account-keys";
import { instanceQuery } from "@/api/instance";
import { t } from "@/i18n/t";
import { CodeBlock, CopyField } from "@/ui/Copy";
import { Tabs } from "@/ui/Tabs";
import { languages, snippets, type Language } from "./snippets";

/** How a program uses an account key: programs to copy, and what an Azure SDK is given. */
export function QuickStarts({ accountKey }: { accountKey: AccountKey }) {
  const [way, setWay] = useState<Language | "azure">("curl");
  const instance = useQuery(instanceQuery).data;
  if (!instance) return null;
  const cloud = instance.clouds.find(({ id }) => id === accountKey.cloud);
  const start = {
    base: instance.publicUrl,
    keyId: accountKey.id,
    graph: `${cloud?.graphUrl ?? "https://graph.microsoft.com"}/v1.0`,
  };
  return (
    <div className="grid gap-4 *:min-w-0">
      <p className="text-pretty">
        {t("quickStarts.needs")}{" "}
        <Link to="/api-clients" className="text-accent-ink underline">
          {t("apiClients.title")}
        </Link>
        .
      </p>
      <Tabs
        label={t("quickStarts.ways")}
        value={way}
        onChange={setWay}
        tabs={[
          ...languages.map((language) => ({
            value: language,
            label: t(`quickStarts.${language}`),
            content: <CodeBlock label={t(`quickStarts.${language}Run`)} code={snippets[language](start)} />,
          })),
          {
            value: "azure" as const,
            label: t("quickStarts.azure"),
            content: <Azure endpoint={`${start.base}/identity/${accountKey.id}/token`} />,
          },
        ]}
      />
    </div>
  );
}

function Azure({ endpoint }: { endpoint: string }) {
  return (
    <div className="grid gap-4 text-pretty">
      <p>{t("quickStarts.azureText")}</p>
      <CopyField label="IDENTITY_ENDPOINT" value={endpoint} />
      <p>
        <code className="font-mono text-sm">IDENTITY_HEADER</code>: {t("quickStarts.azureHeader")}
      </p>
      <p className="text-muted">{t("quickStarts.azureHint")}</p>
    </div>
  );
}
