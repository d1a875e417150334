import { useQuery } from "@tanstack/react-query";
import { sessionQuery, type Permission, type Session } from "@/api/session";

/** The signed-in person's session. Null for the moment between signing out and leaving the page. */
export function useSession(): Session | null {
  return useQuery(sessionQuery).data ?? null;
}

/**
 * Whether the signed-in person may do something: `const can = useCan(); can("account-keys:write")`.
 * Hiding what they may not do is a courtesy; the server is the guard.
 */
export function useCan(): (permission: Permission) => boolean {
  const session = useSession();
  return (permission) => session?.permissions.includes(permission) ?? false;
}
