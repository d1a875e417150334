import { useNavigate } from "@tanstack/react-router";
import { ChevronsUpDown, CircleUserRound, LockKeyhole, LogOut } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useSignOut } from "@/api/session";
import type { User } from "@/api/users";
import { t } from "@/i18n/t";
import { setTheme, useTheme } from "@/lib/theme";
import { Menu, MenuChoice, MenuItem, MenuSeparator } from "@/ui/Menu";
import { toast } from "@/ui/toast";

const ChangePasswordDialog = lazy(() =>
  import("@/features/session/ChangePasswordDialog").then((module) => ({
    default: module.ChangePasswordDialog,
  })),
);

/** Who is signed in, how it looks for them, and the way out. */
export function UserMenu({ user, compact }: { user: User; compact?: boolean }) {
  const [changingPassword, setChangingPassword] = useState(false);
  const theme = useTheme();
  const signOut = useSignOut();
  const navigate = useNavigate();
  return (
    <>
      <Menu
        side={compact ? "bottom" : "top"}
        align={compact ? "end" : "start"}
        trigger={
          <button
            type="button"
            aria-label={t("userMenu.label", { name: user.name })}
            className={`flex min-h-12 items-center gap-3 rounded-md px-2 text-left hover:bg-hover ${compact ? "" : "w-full"}`}
          >
            <span
              aria-hidden="true"
              className="grid size-8 shrink-0 place-items-center rounded-full bg-accent-soft text-sm font-semibold text-accent-ink"
            >
              {initials(user.name)}
            </span>
            {!compact && <NameAndRole user={user} />}
            {!compact && <ChevronsUpDown aria-hidden="true" className="size-4 shrink-0 text-muted" />}
          </button>
        }
      >
        <div className="flex px-2.5 pt-1.5">{compact && <NameAndRole user={user} />}</div>
        <div className="px-2.5 pb-2 text-sm wrap-anywhere text-muted">{user.email}</div>
        <MenuSeparator />
        <MenuChoice
          label={t("userMenu.appearance")}
          value={theme}
          onChange={setTheme}
          options={[
            { value: "system", label: t("theme.system") },
            { value: "light", label: t("theme.light") },
            { value: "dark", label: t("theme.dark") },
          ]}
        />
        <MenuSeparator />
        <MenuItem
          icon={<CircleUserRound aria-hidden="true" className="size-4" />}
          onClick={() => void navigate({ to: "/settings", search: { tab: "account" } })}
        >
          {t("userMenu.account")}
        </MenuItem>
        <MenuItem
          icon={<LockKeyhole aria-hidden="true" className="size-4" />}
          onClick={() => setChangingPassword(true)}
        >
          {t("userMenu.changePassword")}
        </MenuItem>
        <MenuItem
          icon={<LogOut aria-hidden="true" className="size-4" />}
          onClick={() => signOut.mutate(undefined, { onError: toast.error })}
        >
          {t("userMenu.signOut")}
        </MenuItem>
      </Menu>
      {changingPassword && (
        <Suspense fallback={null}>
          <ChangePasswordDialog onClose={() => setChangingPassword(false)} />
        </Suspense>
      )}
    </>
  );
}

function NameAndRole({ user }: { user: User }) {
  return (
    <span className="min-w-0 flex-1">
      <span className="block truncate font-semibold">{user.name}</span>
      <span className="block truncate text-sm text-muted">{t(`role.${user.role}`)}</span>
    </span>
  );
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const first = words[0]?.[0] ?? "";
  const last = words.length > 1 ? (words.at(-1)?.[0] ?? "") : "";
  return (first + last).toUpperCase();
}
