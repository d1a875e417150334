import type { QueryClient } from "@tanstack/react-query";
import { createRouter, type RouterHistory } from "@tanstack/react-router";
import { accountKeyRoute } from "@/routes/account-keys.$id";
import { setUpKeyRoute } from "@/routes/account-keys.$id.setup";
import { accountKeysRoute } from "@/routes/account-keys";
import { newAccountKeyRoute } from "@/routes/account-keys.new";
import { apiClientRoute } from "@/routes/api-clients.$id";
import { apiClientsRoute } from "@/routes/api-clients";
import { newApiClientRoute } from "@/routes/api-clients.new";
import { auditLogRoute } from "@/routes/audit-log";
import {
  adminConsentRoute,
  authorizationRoute,
  authorizeRoute,
  authorizingRoute,
} from "@/routes/authorization";
import { indexRoute } from "@/routes/index";
import { invitationRoute } from "@/routes/invitation";
import { rootRoute } from "@/routes/root";
import { settingsRoute } from "@/routes/settings";
import { setupRoute } from "@/routes/setup";
import { shellRoute } from "@/routes/shell";
import { signInRoute } from "@/routes/sign-in";
import { targetRoute } from "@/routes/targets.$id";
import { targetsRoute } from "@/routes/targets";
import { newTargetRoute } from "@/routes/targets.new";
import { Crash } from "./Crash";
import { followNavigation } from "./focus";
import { PagePending } from "./PagePending";

/** Pages inside the shell (signed in) and pages on their own. */
const routeTree = rootRoute.addChildren([
  indexRoute,
  setupRoute,
  signInRoute,
  invitationRoute,
  authorizingRoute,
  authorizationRoute,
  authorizeRoute,
  adminConsentRoute,
  shellRoute.addChildren([
    accountKeysRoute,
    newAccountKeyRoute,
    accountKeyRoute,
    setUpKeyRoute,
    targetsRoute,
    newTargetRoute,
    targetRoute,
    apiClientsRoute,
    newApiClientRoute,
    apiClientRoute,
    auditLogRoute,
    settingsRoute,
  ]),
]);

type Options = { queryClient: QueryClient; history?: RouterHistory };

export function createAppRouter({ queryClient, history }: Options) {
  const router = createRouter({
    routeTree,
    context: { queryClient },
    history,
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    defaultPendingMs: 300,
    defaultPendingComponent: PagePending,
    defaultErrorComponent: Crash,
    scrollRestoration: true,
  });
  followNavigation(router);
  return router;
}

export type AppRouter = ReturnType<typeof createAppRouter>;

declare module "@tanstack/react-router" {
  interface Register {
    router: AppRouter;
  }
}
