import { cva } from "class-variance-authority";
import { X } from "lucide-react";
import { useEffect, useRef, type ReactNode } from "react";

type DrawerProps = {
  open: boolean;
  onClose: () => void;
  label: string;
  closeLabel: string;
  /** Stays on top of what scrolls below it, beside the button that closes. */
  heading: ReactNode;
  /** The edge it comes from: the navigation from the left, the details of something listed from the right. */
  side?: "left" | "right";
  children: ReactNode;
};

const panel = cva(
  [
    "fixed inset-y-0 m-0 h-dvh max-h-none bg-surface text-ink shadow-xl transition-[translate,display]",
    "transition-discrete duration-150 backdrop:bg-backdrop open:translate-x-0",
  ],
  {
    variants: {
      side: {
        left: "left-0 w-72 max-w-[calc(100vw-3rem)] -translate-x-full starting:open:-translate-x-full",
        right: "right-0 left-auto w-120 max-w-full translate-x-full starting:open:translate-x-full",
      },
    },
  },
);

/**
 * A panel over one side of the page. The browser's own modal dialog keeps focus inside, closes on Escape and gives
 * focus back.
 */
export function Drawer({ open, onClose, label, closeLabel, heading, side = "left", children }: DrawerProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    else if (!open && dialog.current?.open) dialog.current.close();
  }, [open]);
  return (
    // A press beside the panel closes it, as Escape and the button do.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
    <dialog
      ref={dialog}
      aria-label={label}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && onClose()}
      className={panel({ side })}
    >
      <div className="flex h-full flex-col">
        <div className="flex min-h-14 shrink-0 items-center justify-between gap-2 border-b border-line py-1.5 pr-1.5 pl-4">
          {heading}
          <button
            type="button"
            aria-label={closeLabel}
            onClick={onClose}
            className="grid size-11 shrink-0 place-items-center rounded-md text-muted hover:bg-hover hover:text-ink"
          >
            <X aria-hidden="true" className="size-5" />
          </button>
        </div>
        <div className="min-h-0 overflow-y-auto">{open && children}</div>
      </div>
    </dialog>
  );
}
