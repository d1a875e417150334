import { Tooltip as Base } from "@base-ui/react/tooltip";
import type { ReactElement } from "react";

type TooltipProps = {
  content: string;
  side?: "top" | "right" | "bottom" | "left";
  /** A button or a link: something the keyboard reaches. It keeps a name of its own. */
  children: ReactElement;
};

/** A short word of help on hover and focus. Touch screens show none, so never the only place of a fact. */
export function Tooltip({ content, side = "top", children }: TooltipProps) {
  return (
    <Base.Provider delay={400}>
      <Base.Root>
        <Base.Trigger render={children} />
        <Base.Portal>
          <Base.Positioner side={side} sideOffset={6} className="z-50">
            <Base.Popup className="max-w-64 rounded-md bg-ink px-2 py-1 text-sm text-surface shadow-md transition-opacity duration-100 data-ending-style:opacity-0 data-starting-style:opacity-0">
              {content}
            </Base.Popup>
          </Base.Positioner>
        </Base.Portal>
      </Base.Root>
    </Base.Provider>
  );
}
