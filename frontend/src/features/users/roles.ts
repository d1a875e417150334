import type { Role } from "@/api/session";
import { t } from "@/i18n/t";
import type { Option } from "@/ui/Select";

/** The roles, from the least to the most. */
export const roleOptions: readonly Option<Role>[] = [
  { value: "viewer", label: t("role.viewer"), description: t("users.roleViewerText") },
  { value: "operator", label: t("role.operator"), description: t("users.roleOperatorText") },
  { value: "admin", label: t("role.admin"), description: t("users.roleAdminText") },
];
