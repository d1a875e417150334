import { Dialog as Base } from "@base-ui/react/dialog";
import { cva } from "class-variance-authority";
import { X } from "lucide-react";
import { useRef, type ReactNode } from "react";
import { t } from "@/i18n/t";

export const dialogStyle = cva(
  [
    "fixed inset-x-0 top-1/2 z-40 mx-auto flex max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] -translate-y-1/2 flex-col",
    "rounded-lg border border-line bg-raised shadow-xl outline-none transition-[opacity,scale] duration-150",
    "data-ending-style:scale-98 data-ending-style:opacity-0 data-starting-style:scale-98 data-starting-style:opacity-0",
  ],
  {
    variants: { size: { sm: "max-w-md", md: "max-w-xl" } },
    defaultVariants: { size: "sm" },
  },
);

export const backdropStyle =
  "fixed inset-0 z-40 bg-backdrop transition-opacity duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0";

/** What a form's first field may be, in the order of the page; not the hidden inputs behind drawn ones. */
const fields = [
  "input:not([aria-hidden])",
  "textarea",
  "select",
  "[role=combobox]",
  "[role=checkbox]",
  "[role=radio]",
];

type DialogProps = {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: ReactNode;
  size?: "sm" | "md";
  /** False where closing would lose what is shown once. */
  dismissible?: boolean;
  children: ReactNode;
};

/**
 * A modal dialog. Put a form inside with <DialogActions> as its last child. What is inside is built when it opens
 * and thrown away when it closes, so a form starts fresh each time. A form's first field takes the focus, except on
 * touch screens, where the keyboard would cover what the dialog says. While a form in it is on its way, it stays: a
 * refusal has to be seen.
 */
export function Dialog({
  open,
  onClose,
  title,
  description,
  size,
  dismissible = true,
  children,
}: DialogProps) {
  const body = useRef<HTMLDivElement>(null);
  const sending = () => Boolean(body.current?.querySelector("[type=submit][aria-busy=true]"));
  return (
    <Base.Root
      open={open}
      disablePointerDismissal
      onOpenChange={(next) => !next && dismissible && !sending() && onClose()}
    >
      <Base.Portal>
        <Base.Backdrop className={backdropStyle} />
        <Base.Popup
          className={dialogStyle({ size })}
          initialFocus={(how) =>
            how === "touch" ||
            (body.current?.querySelector<HTMLElement>(`form :is(${fields.join()})`) ?? true)
          }
        >
          <div className="flex items-start justify-between gap-4 px-6 pt-5">
            <Base.Title className="text-xl font-semibold text-balance wrap-anywhere">{title}</Base.Title>
            {dismissible && (
              <Base.Close
                aria-label={t("action.close")}
                className="-mr-2 grid size-8 shrink-0 place-items-center rounded-md text-muted hover:bg-hover hover:text-ink"
              >
                <X aria-hidden="true" className="size-5" />
              </Base.Close>
            )}
          </div>
          <div ref={body} className="overflow-y-auto px-6 pt-2 pb-6">
            {description && (
              <Base.Description className="mb-4 text-pretty text-muted">{description}</Base.Description>
            )}
            {children}
          </div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** The row of buttons that ends a dialog; the first child is the way on, the last the way out. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="mt-2 flex flex-wrap gap-2">{children}</div>;
}
