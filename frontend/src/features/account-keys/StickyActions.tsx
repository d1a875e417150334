import type { ReactNode } from "react";
import { DialogActions } from "@/ui/Dialog";

/** The buttons of a dialog that is longer than a screen: they stay in sight while the rest scrolls. */
export function StickyActions({ children }: { children: ReactNode }) {
  return (
    <div className="sticky -bottom-6 -mx-6 -mb-6 border-t border-line bg-raised px-6 pt-1 pb-4">
      <DialogActions>{children}</DialogActions>
    </div>
  );
}
