import { useState } from "react";

/**
 * Puts what floats above the page into the landmark that its trigger is in; at the end of the body it would be outside
 * of all of them, and those who go from landmark to landmark would not come by. Give `ref` to the trigger or to
 * something in it, and spread `portal` on the portal.
 */
export function useLandmark() {
  const [trigger, setTrigger] = useState<Element | null>(null);
  // The portal's own box takes no part in the layout around it.
  const container = trigger?.closest<HTMLElement>("main, header") ?? undefined;
  const portal = { container, className: "contents" };
  return { ref: setTrigger, portal };
}
