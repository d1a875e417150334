import { t } from "@/i18n/t";
import { CopyField } from "@/ui/Copy";
import type { MicrosoftCloud } from "./clouds";
import type { Registration } from "./registration";
import { ScopeNames } from "./ScopeNames";

type PortalStepsProps = { registration: Registration; cloud: MicrosoftCloud };

/** The same app, click by click. Menus are named as the portal names them. */
export function PortalSteps({ registration, cloud }: PortalStepsProps) {
  const { appName, redirectUri, scopes } = registration;
  const global = cloud.azureCli === "AzureCloud";
  return (
    <ol className="ml-5 grid list-decimal gap-4 text-pretty marker:font-semibold">
      <li>
        <a
          href={cloud.portal.url}
          target="_blank"
          rel="noreferrer"
          className="font-semibold text-accent-ink underline"
        >
          {t("registration.portalOpen", { portal: cloud.portal.name })}
        </a>
        <p className="text-muted">{t("registration.portalRole")}</p>
      </li>
      <li>
        <p>{t("registration.portalNew", { menu: cloud.registrations })}</p>
        {global && <p className="text-muted">{t("registration.portalNewOlder")}</p>}
        <div className="my-3 grid gap-3">
          <CopyField label={t("registration.portalName")} value={appName} />
          <CopyField label={t("wizard.redirectUri")} value={redirectUri} />
        </div>
        <p>{t("registration.portalNewFill")}</p>
      </li>
      <li>{t("registration.portalOverview")}</li>
      <li>{t("registration.portalRedirect")}</li>
      <li>
        <p>{t("registration.portalPermissions")}</p>
        <ScopeNames scopes={scopes} />
        <p>{t("registration.portalConsent")}</p>
      </li>
      <li>{t("registration.portalSecret")}</li>
      <li>{t("registration.portalAssign", { app: appName })}</li>
    </ol>
  );
}
