import { createLink } from "@tanstack/react-router";
import { cva, type VariantProps } from "class-variance-authority";
import type { AnchorHTMLAttributes, ButtonHTMLAttributes, MouseEvent, ReactNode, Ref } from "react";
import { Spinner } from "./Spinner";

export const buttonStyle = cva(
  [
    "inline-flex shrink-0 items-center justify-center gap-2 rounded-md border font-semibold select-none",
    "transition-colors duration-100 aria-disabled:cursor-not-allowed pointer-coarse:min-h-11",
  ],
  {
    variants: {
      variant: {
        primary: [
          "border-transparent bg-accent text-on-accent",
          "not-aria-disabled:hover:bg-accent-hover not-aria-disabled:active:bg-accent-pressed aria-disabled:opacity-60",
        ],
        secondary: [
          "border-outline/60 bg-surface text-ink",
          "not-aria-disabled:hover:bg-hover not-aria-disabled:active:bg-pressed aria-disabled:text-muted",
        ],
        subtle: [
          "border-transparent bg-transparent text-ink",
          "not-aria-disabled:hover:bg-hover not-aria-disabled:active:bg-pressed aria-disabled:text-muted",
        ],
        danger: [
          "border-transparent bg-danger-fill text-on-accent",
          "not-aria-disabled:hover:bg-danger-fill-hover aria-disabled:opacity-60",
        ],
      },
      size: {
        sm: "min-h-7 px-2.5 text-sm",
        md: "min-h-8 px-3.5 text-base",
        lg: "min-h-10 px-5 text-base",
        icon: "size-8 text-base pointer-coarse:size-11",
      },
      wide: { true: "w-full" },
      /** For labels that are too long for a narrow place: they may take two lines. */
      wrap: { true: "py-1 text-left", false: "whitespace-nowrap" },
    },
    defaultVariants: { variant: "secondary", size: "md", wrap: false },
  },
);

type Look = VariantProps<typeof buttonStyle> & { icon?: ReactNode };

export type ButtonProps = Look &
  Omit<ButtonHTMLAttributes<HTMLButtonElement>, "className" | "disabled"> & {
    /** Busy: keeps its place and its focus, takes no further presses, and says so. */
    pending?: boolean;
    /** Off, but still reachable, so that `title` or the text beside it can say why. */
    disabled?: boolean;
    ref?: Ref<HTMLButtonElement>;
  };

export function Button({
  variant,
  size,
  wide,
  wrap,
  icon,
  pending,
  disabled,
  onClick,
  children,
  type = "button",
  ...rest
}: ButtonProps) {
  const off = Boolean(pending || disabled);
  function press(event: MouseEvent<HTMLButtonElement>) {
    if (off) event.preventDefault();
    else onClick?.(event);
  }
  return (
    <button
      {...rest}
      type={type}
      className={buttonStyle({ variant, size, wide, wrap })}
      aria-disabled={off || undefined}
      aria-busy={pending || undefined}
      onClick={press}
    >
      {pending ? <Spinner /> : icon}
      {children}
    </button>
  );
}

type AnchorProps = Look &
  Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "className"> & { ref?: Ref<HTMLAnchorElement> };

/** A plain link that looks like a button, for addresses outside the app. */
export function ButtonAnchor({ variant, size, wide, wrap, icon, children, ...rest }: AnchorProps) {
  return (
    <a {...rest} className={buttonStyle({ variant, size, wide, wrap })}>
      {icon}
      {children}
    </a>
  );
}

/** A typed link of the app's that looks like a button: `<ButtonLink to="/api-clients/new" variant="primary">`. */
export const ButtonLink = createLink(ButtonAnchor);
