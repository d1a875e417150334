import { cva } from "class-variance-authority";

/** The look that every box to type or choose in shares. 16 px on touch screens, or phones zoom in on focus. */
export const inputStyle = cva(
  [
    "w-full min-w-0 rounded-md border bg-surface px-2.5 text-base text-ink pointer-coarse:text-lg",
    "transition-colors duration-100 hover:border-ink/70 disabled:cursor-not-allowed disabled:bg-sunken disabled:text-muted",
    "focus-visible:outline-2 focus-visible:-outline-offset-1",
  ],
  {
    variants: {
      invalid: {
        true: "border-danger focus-visible:outline-danger",
        false: "border-outline focus-visible:border-accent focus-visible:outline-accent",
      },
      kind: { line: "h-8 pointer-coarse:h-11", area: "min-h-20 resize-y py-1.5" },
      mono: { true: "font-mono" },
      end: { true: "pr-10 pointer-coarse:pr-12" },
      start: { true: "pl-9" },
    },
    defaultVariants: { invalid: false, kind: "line" },
  },
);
