import { useQuery } from "@tanstack/react-query";
import { instanceQuery } from "@/api/instance";
import { t } from "@/i18n/t";
import { CodeBlock } from "@/ui/Copy";

/** A command that gets a token, ready to run. Without a secret it holds a word in its place. */
export function TokenRequest({ clientId, secret = "SECRET" }: { clientId: string; secret?: string }) {
  const instance = useQuery(instanceQuery);
  const base = instance.data?.publicUrl ?? window.location.origin;
  const command = [
    `curl --user '${clientId}:${secret}' \\`,
    `  --data grant_type=client_credentials \\`,
    `  ${base}/oauth/token`,
  ].join("\n");
  return (
    <div className="grid gap-1">
      <CodeBlock label={t("apiClients.tryIt")} code={command} />
      <p className="text-sm text-pretty text-muted">{t("apiClients.tryItHint")}</p>
    </div>
  );
}
