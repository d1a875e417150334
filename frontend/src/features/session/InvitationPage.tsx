import { useQuery } from "@tanstack/react-query";
import { useLocation, useRouter } from "@tanstack/react-router";
import { invitationQuery, sessionQuery, useAcceptInvitation, type Invitation } from "@/api/session";
import { t } from "@/i18n/t";
import { formatDateTime } from "@/lib/format";
import { useForm } from "@/lib/form";
import { z } from "@/lib/zod";
import { Callout } from "@/ui/Callout";
import { DescriptionList } from "@/ui/DescriptionList";
import { FormError } from "@/ui/FormError";
import { PublicPage } from "@/ui/PublicPage";
import { Spinner } from "@/ui/Spinner";
import { ErrorState } from "@/ui/States";
import { TextField } from "@/ui/TextField";
import { NewPasswordField, WideSubmit } from "./formParts";
import { newPassword } from "./schema";

/**
 * A one-time link that somebody was sent: to come in, or to choose a new password. Its secret is behind the # sign,
 * which browsers keep to themselves. Opening it changes nothing; the button spends it.
 */
export function InvitationPage() {
  const token = useLocation({ select: ({ hash }) => hash });
  if (token === "") {
    return (
      <PublicPage title={t("invitation.fallbackTitle")}>
        <Callout tone="warning">
          <p>{t("invitation.missing")}</p>
        </Callout>
      </PublicPage>
    );
  }
  return <Opened key={token} token={token} />;
}

function Opened({ token }: { token: string }) {
  const query = useQuery(invitationQuery(token));
  if (query.error || !query.data) {
    return (
      <PublicPage title={t("invitation.fallbackTitle")}>
        {query.error ? <ErrorState error={query.error} onRetry={() => void query.refetch()} /> : <Spinner />}
      </PublicPage>
    );
  }
  return <Accept token={token} invitation={query.data} />;
}

const schema = z.object({ password: newPassword });

function Accept({ token, invitation }: { token: string; invitation: Invitation }) {
  const form = useForm(schema, { password: "" });
  const accept = useAcceptInvitation();
  const router = useRouter();
  const session = useQuery(sessionQuery).data;
  const { name, email, role, status, sentBy, expiresAt } = invitation;
  const reset = status === "active";

  async function submit({ password }: z.infer<typeof schema>) {
    await accept.mutateAsync({ token, password });
    router.history.replace("/");
  }

  return (
    <PublicPage
      title={reset ? t("invitation.resetTitle") : t("invitation.title", { name })}
      description={reset ? t("invitation.resetText", { sentBy, name }) : t("invitation.text", { sentBy })}
    >
      <form noValidate onSubmit={form.submit(submit)} className="grid gap-4">
        {session && session.user.email !== email && (
          <Callout tone="warning">
            <p>{t("invitation.otherSession", { name: session.user.name })}</p>
          </Callout>
        )}
        <DescriptionList
          items={[
            [t("invitation.role"), t(`role.${role}`)],
            [t("invitation.expires"), formatDateTime(expiresAt)],
          ]}
        />
        <TextField
          readOnly
          label={t("invitation.email")}
          hint={t("invitation.emailHint")}
          type="email"
          autoComplete="username"
          value={email}
        />
        <NewPasswordField label={t("invitation.password")} {...form.text("password")} />
        <FormError problem={form.problem} />
        <WideSubmit pending={form.pending}>{t("invitation.submit")}</WideSubmit>
      </form>
    </PublicPage>
  );
}
