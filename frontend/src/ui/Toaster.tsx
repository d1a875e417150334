import { lazy, Suspense, useState, useSyncExternalStore } from "react";
import { toastQueue } from "./toast";

const ToastViewport = lazy(() => import("./ToastViewport"));

/** Shows the toasts. Once in the app. Its code loads when there is something to show. */
export function Toaster() {
  const some = useSyncExternalStore(toastQueue.subscribe, () => toastQueue.waiting().length > 0);
  const [needed, setNeeded] = useState(false);
  if (some && !needed) setNeeded(true);
  return needed && <Suspense fallback={null}>{<ToastViewport />}</Suspense>;
}
