import { Link } from "@tanstack/react-router";
import type { Target } from "@/api/targets";
import { useCan } from "@/lib/permissions";

/** The account key that a target calls with. */
export function KeyLink({ target }: { target: Target }) {
  const can = useCan();
  if (!can("account-keys:read")) return target.accountKeyName;
  return (
    <Link to="/account-keys/$id" params={{ id: target.accountKeyId }} className="link">
      {target.accountKeyName}
    </Link>
  );
}
