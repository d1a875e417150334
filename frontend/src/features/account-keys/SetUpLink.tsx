import type { ComponentProps } from "react";
import type { AccountKey } from "@/api/account-keys";
import { t } from "@/i18n/t";
import { ButtonLink } from "@/ui/Button";

type SetUpLinkProps = Pick<ComponentProps<typeof ButtonLink>, "variant" | "icon"> & {
  accountKey: AccountKey;
};

/** The way into the wizard: a draft opens where it was left, any other key at its details. */
export function SetUpLink({ accountKey: { id, status }, ...look }: SetUpLinkProps) {
  const draft = status === "draft";
  return (
    <ButtonLink
      {...look}
      to="/account-keys/$id/setup"
      params={{ id }}
      search={draft ? {} : { step: "details" }}
    >
      {draft ? t("key.continueSetup") : t("key.authorizeAgain")}
    </ButtonLink>
  );
}
