import { useRouter } from "@tanstack/react-router";
import { isProblem } from "@/api/problem";
import { useSetUp } from "@/api/session";
import { t } from "@/i18n/t";
import { useForm } from "@/lib/form";
import { z } from "@/lib/zod";
import { FormError } from "@/ui/FormError";
import { PublicPage } from "@/ui/PublicPage";
import { TextField } from "@/ui/TextField";
import { NewPasswordField, WideSubmit } from "./formParts";
import { email, newPassword, personName } from "./schema";

const schema = z.object({
  setupCode: z.string().trim().min(1, t("setup.codeMissing")),
  name: personName,
  email,
  password: newPassword,
});

export function SetupPage() {
  const form = useForm(schema, { setupCode: "", name: "", email: "", password: "" });
  const setUp = useSetUp();
  const router = useRouter();

  async function submit(values: z.infer<typeof schema>) {
    try {
      await setUp.mutateAsync(values);
    } catch (error) {
      if (!isProblem(error, "invalid_setup_code")) throw error;
      form.setError("setupCode", { message: t("setup.codeWrong") }, { shouldFocus: true });
      return;
    }
    router.history.replace("/");
  }

  return (
    <PublicPage title={t("setup.title")} description={t("setup.description")}>
      <form noValidate onSubmit={form.submit(submit)} className="grid gap-4">
        <TextField
          label={t("setup.code")}
          hint={t("setup.codeHint")}
          mono
          autoComplete="one-time-code"
          autoCapitalize="characters"
          {...form.text("setupCode")}
        />
        <TextField label={t("setup.name")} autoComplete="name" {...form.text("name")} />
        <TextField
          label={t("setup.email")}
          type="email"
          autoComplete="username"
          autoCapitalize="none"
          {...form.text("email")}
        />
        <NewPasswordField label={t("setup.password")} {...form.text("password")} />
        <FormError problem={form.problem} />
        <WideSubmit pending={form.pending}>{t("setup.submit")}</WideSubmit>
      </form>
    </PublicPage>
  );
}
