import { explain } from "@/lib/explain";

export type ToastText = { tone: "success" | "error"; title: string; description?: string };

let waiting: readonly ToastText[] = [];
const listeners = new Set<() => void>();

function push(text: ToastText) {
  waiting = [...waiting, text];
  for (const listener of listeners) listener();
}

/** A word that something worked or failed, from anywhere. Failures of forms belong into the form instead. */
export const toast = {
  success: (title: string, description?: string) => push({ tone: "success", title, description }),
  error: (error: unknown) => {
    const { title, detail, fix } = explain(error);
    push({ tone: "error", title, description: [detail, fix].filter(Boolean).join(" ") });
  },
};

/** What waits to be shown; the viewport, which loads with the first toast, takes it. */
export const toastQueue = {
  subscribe: (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  waiting: () => waiting,
  take: () => {
    const taken = waiting;
    waiting = [];
    return taken;
  },
};
