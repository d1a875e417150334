import { t } from "@/i18n/t";
import { z } from "@/lib/zod";

/** Length only: the server also refuses the commonest passwords, and says so at the field. */
export const newPassword = z.string().min(12, t("password.tooShort")).max(128, t("password.tooLong"));

export const email = z
  .string()
  .trim()
  .pipe(z.email(t("email.invalid")));
export const personName = z.string().trim().min(1, t("name.missing"));
