import { getRouteApi } from "@tanstack/react-router";
import { AccountSection } from "@/features/session";
import { PeopleSection } from "@/features/users";
import { t } from "@/i18n/t";
import { useCan } from "@/lib/permissions";
import { PageHeader } from "@/ui/PageHeader";
import { Tabs } from "@/ui/Tabs";
import { AboutSection } from "./AboutSection";
import { AppearanceSection } from "./AppearanceSection";

const route = getRouteApi("/shell/settings");

export function SettingsPage() {
  const can = useCan();
  const { tab } = route.useSearch();
  const navigate = route.useNavigate();
  const tabs = [
    { value: "people", label: t("settings.people"), content: <PeopleSection /> },
    { value: "account", label: t("settings.account"), content: <AccountSection /> },
    { value: "appearance", label: t("settings.appearance"), content: <AppearanceSection /> },
    { value: "about", label: t("settings.about"), content: <AboutSection /> },
  ] as const;
  const allowed = tabs.filter(({ value }) => value !== "people" || can("users:write"));
  const chosen = allowed.find(({ value }) => value === tab) ?? allowed[0];
  return (
    <>
      <PageHeader title={t("settings.title")} />
      <Tabs
        label={t("settings.tabs")}
        tabs={allowed}
        value={chosen?.value ?? "about"}
        onChange={(next) => void navigate({ search: { tab: next }, replace: true })}
      />
    </>
  );
}
