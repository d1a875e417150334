import { getRouteApi, useRouter } from "@tanstack/react-router";
import { isProblem } from "@/api/problem";
import { useSignIn } from "@/api/session";
import { t } from "@/i18n/t";
import { useForm } from "@/lib/form";
import { z } from "@/lib/zod";
import { FormError } from "@/ui/FormError";
import { PasswordField } from "@/ui/PasswordField";
import { PublicPage } from "@/ui/PublicPage";
import { TextField } from "@/ui/TextField";
import { WideSubmit } from "./formParts";

const schema = z.object({
  email: z.string().trim().min(1, t("signIn.emailMissing")),
  password: z.string().min(1, t("signIn.passwordMissing")),
});

const route = getRouteApi("/sign-in");

export function SignInPage() {
  const form = useForm(schema, { email: "", password: "" });
  const signIn = useSignIn();
  const router = useRouter();
  const { redirect } = route.useSearch();

  async function submit(values: z.infer<typeof schema>) {
    try {
      await signIn.mutateAsync(values);
    } catch (error) {
      if (!isProblem(error, "invalid_credentials")) throw error;
      form.setError("password", { message: t("signIn.wrong") }, { shouldFocus: true });
      return;
    }
    router.history.replace(redirect ?? "/");
  }

  return (
    <PublicPage title={t("signIn.title")}>
      <form noValidate onSubmit={form.submit(submit)} className="grid gap-4">
        <TextField
          label={t("signIn.email")}
          type="email"
          autoComplete="username"
          autoCapitalize="none"
          {...form.text("email")}
        />
        <PasswordField
          label={t("signIn.password")}
          autoComplete="current-password"
          {...form.text("password")}
        />
        <p className="text-sm text-pretty text-muted">{t("signIn.forgotten")}</p>
        <FormError problem={form.problem} />
        <WideSubmit pending={form.pending}>{t("signIn.submit")}</WideSubmit>
      </form>
    </PublicPage>
  );
}
