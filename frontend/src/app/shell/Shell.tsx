import { Outlet, useRouter } from "@tanstack/react-router";
import { Menu as MenuIcon } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { t } from "@/i18n/t";
import { useSession } from "@/lib/permissions";
import { Button } from "@/ui/Button";
import { Drawer } from "@/ui/Drawer";
import { Logo } from "@/ui/Logo";
import { Navigation } from "./Navigation";

// The page is of use before its menu is: the menu's code comes after what the page itself needs.
const UserMenu = lazy(() => import("./UserMenu").then((module) => ({ default: module.UserMenu })));

/** What every signed-in page sits in: navigation at the left (a drawer below 768 px), the page beside it. */
export function Shell() {
  const session = useSession();
  const [drawerOpen, setDrawerOpen] = useState(false);
  if (!session) return <ToSignIn />;
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[14.5rem_minmax(0,1fr)]">
      <a
        href="#content"
        className="sr-only z-50 rounded-md bg-accent font-semibold text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:px-4 focus:py-2"
      >
        {t("app.skipToContent")}
      </a>
      <header className="sticky top-0 z-30 flex h-14 items-center gap-2 border-b border-line bg-surface px-2 md:hidden">
        <Button
          variant="subtle"
          size="icon"
          aria-label={t("nav.open")}
          aria-haspopup="dialog"
          onClick={() => setDrawerOpen(true)}
        >
          <MenuIcon aria-hidden="true" className="size-5" />
        </Button>
        <Drawer
          open={drawerOpen}
          onClose={() => setDrawerOpen(false)}
          label={t("nav.label")}
          closeLabel={t("nav.close")}
          heading={<Logo />}
        >
          <Navigation onNavigate={() => setDrawerOpen(false)} />
        </Drawer>
        <Logo />
        <div className="ml-auto">
          <Suspense fallback={<div className="min-h-12" />}>
            <UserMenu user={session.user} compact />
          </Suspense>
        </div>
      </header>
      <header className="sticky top-0 hidden h-dvh flex-col border-r border-line bg-surface md:flex">
        <div className="flex h-16 items-center px-5">
          <Logo />
        </div>
        <Navigation />
        <div className="mt-auto border-t border-line p-2">
          <Suspense fallback={<div className="min-h-12" />}>
            <UserMenu user={session.user} />
          </Suspense>
        </div>
      </header>
      <main id="content" tabIndex={-1} className="mx-auto w-full max-w-6xl px-4 py-5 md:px-8 md:py-7">
        <Outlet />
      </main>
    </div>
  );
}

/** Leaves for the sign-in page, once, remembering where from. */
function ToSignIn() {
  const router = useRouter();
  const [from] = useState(() => router.state.location.href);
  useEffect(() => {
    void router.navigate({ to: "/sign-in", search: { redirect: from }, replace: true });
  }, [router, from]);
  return null;
}
