import { QueryClientProvider, type QueryClient } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { UiProvider } from "@/ui/Provider";
import { useKeptFocus } from "./focus";
import type { AppRouter } from "./router";

/** The app around a router and a query cache, which tests bring themselves. */
export function App({ queryClient, router }: { queryClient: QueryClient; router: AppRouter }) {
  useKeptFocus();
  return (
    <QueryClientProvider client={queryClient}>
      <UiProvider>
        <RouterProvider router={router} />
      </UiProvider>
    </QueryClientProvider>
  );
}
