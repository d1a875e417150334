import { t } from "@/i18n/t";

/** The mark and the name. */
export function Logo() {
  return (
    <span className="flex items-center gap-2.5">
      <svg viewBox="0 0 32 32" aria-hidden="true" className="size-7 shrink-0">
        <rect width="32" height="32" rx="7" className="fill-accent" />
        <g
          fill="none"
          strokeWidth="2.6"
          strokeLinecap="round"
          strokeLinejoin="round"
          className="stroke-on-accent"
        >
          <circle cx="11.5" cy="16" r="4.5" />
          <path d="M16 16h10M22.5 16v4M26 16v3" />
        </g>
      </svg>
      <span className="text-lg font-semibold">{t("app.name")}</span>
    </span>
  );
}
