import { t } from "@/i18n/t";
import { formatDate } from "@/lib/format";
import { Callout } from "@/ui/Callout";
import { CopyField } from "@/ui/Copy";
import { Tabs } from "@/ui/Tabs";
import { azureCliScript } from "./azureCli";
import type { MicrosoftCloud } from "./clouds";
import { PortalSteps } from "./PortalSteps";
import { powerShellScript } from "./powerShell";
import type { Registration, Way } from "./registration";
import { ScopeNames } from "./ScopeNames";
import { ScriptTab } from "./ScriptTab";
import { terraformCommands, terraformConfig } from "./terraform";

type WaysProps = { registration: Registration; way: Way; onWay: (way: Way) => void };

/** Four ways to make an app in one of Microsoft's clouds; what to tell whoever runs another one. */
export function Ways({ registration, way, onWay }: WaysProps) {
  const { cloud } = registration;
  if (!cloud) return <OtherCloud registration={registration} />;
  return (
    <Tabs
      label={t("registration.ways")}
      value={way}
      onChange={onWay}
      tabs={[
        {
          value: "portal",
          label: t("registration.portal"),
          content: <PortalSteps registration={registration} cloud={cloud} />,
        },
        {
          value: "cli",
          label: t("registration.cli"),
          content: <AzureCli registration={registration} cloud={cloud} />,
        },
        {
          value: "powershell",
          label: t("registration.powershell"),
          content: <PowerShell registration={registration} />,
        },
        {
          value: "terraform",
          label: t("registration.terraform"),
          content: <Terraform registration={registration} cloud={cloud} />,
        },
      ]}
    />
  );
}

type WayProps = { registration: Registration; cloud: MicrosoftCloud };

function AzureCli({ registration, cloud }: WayProps) {
  return (
    <ScriptTab
      needs={
        <>
          <p>{t("registration.cliNeeds")}</p>
          {cloud.powerShell === "USGovDoD" && <p>{t("registration.cliDod")}</p>}
        </>
      }
      code={[[t("registration.cliScript"), azureCliScript(registration)]]}
    />
  );
}

function PowerShell({ registration }: { registration: Registration }) {
  return (
    <ScriptTab
      needs={<p>{t("registration.powershellNeeds")}</p>}
      code={[
        [t("registration.powershellModule"), "Install-Module Microsoft.Graph -Scope CurrentUser"],
        [t("registration.powershellScript"), powerShellScript(registration)],
      ]}
    />
  );
}

function Terraform({ registration, cloud }: WayProps) {
  const signIn = `az cloud set --name ${cloud.azureCli}\naz login --allow-no-subscriptions`;
  return (
    <ScriptTab
      needs={<p>{t("registration.terraformNeeds", { date: formatDate(registration.secretEndsOn) })}</p>}
      code={[
        [t("registration.terraformCloud"), signIn],
        [t("registration.terraformScript"), terraformConfig(registration)],
        [t("registration.terraformCommands"), terraformCommands],
      ]}
    />
  );
}

function OtherCloud({ registration }: { registration: Registration }) {
  return (
    <div className="grid gap-4">
      <Callout title={t("registration.otherTitle", { cloud: registration.cloudName })}>
        <p>{t("registration.otherText")}</p>
      </Callout>
      <CopyField label={t("wizard.redirectUri")} value={registration.redirectUri} />
      <div>
        <h3 className="font-semibold">{t("registration.otherScopes")}</h3>
        <ScopeNames scopes={registration.scopes} />
      </div>
    </div>
  );
}
