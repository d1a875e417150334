import { t } from "@/i18n/t";
import { setTheme, useTheme } from "@/lib/theme";
import { Section } from "@/ui/Card";
import { RadioGroup } from "@/ui/RadioGroup";

export function AppearanceSection() {
  const theme = useTheme();
  return (
    <Section title={t("settings.appearance")} description={t("settings.appearanceText")}>
      <RadioGroup
        label={t("theme.label")}
        value={theme}
        onChange={setTheme}
        options={[
          { value: "system", label: t("theme.system") },
          { value: "light", label: t("theme.light") },
          { value: "dark", label: t("theme.dark") },
        ]}
      />
    </Section>
  );
}
