import type { UserLink } from "@/api/users";
import { t } from "@/i18n/t";
import { formatDateTime } from "@/lib/format";
import { Button } from "@/ui/Button";
import { SecretOnce } from "@/ui/Copy";

type LinkOnceProps = { label: string; name: string; link: UserLink; onClose: () => void };

/** A one-time link at the only moment it can be seen. */
export function LinkOnce({ label, name, link, onClose }: LinkOnceProps) {
  return (
    <div className="mt-2 grid gap-5">
      <SecretOnce
        title={t("users.linkOnceTitle")}
        label={label}
        secret={link.url}
        hint={t("users.linkHint", { name, time: formatDateTime(link.expiresAt) })}
      />
      <div>
        <Button variant="primary" onClick={onClose}>
          {t("users.linkDone")}
        </Button>
      </div>
    </div>
  );
}
