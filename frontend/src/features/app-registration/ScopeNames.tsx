import type { AskedScope } from "./registration";

/** Names of permissions, to tick one by one. */
export function ScopeNames({ scopes }: { scopes: AskedScope[] }) {
  return (
    <ul className="my-2 flex flex-wrap gap-x-3 gap-y-1">
      {scopes.map(({ name }) => (
        <li key={name} className="font-mono text-sm wrap-anywhere">
          {name}
        </li>
      ))}
    </ul>
  );
}
