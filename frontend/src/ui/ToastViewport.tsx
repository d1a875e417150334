import { Toast as Base } from "@base-ui/react/toast";
import { CircleAlert, CircleCheck, X } from "lucide-react";
import { useEffect, useSyncExternalStore } from "react";
import { t } from "@/i18n/t";
import { toneMark } from "./Callout";
import { toastQueue } from "./toast";

/** The corner where toasts appear. The default export because only Toaster loads it, lazily. */
export default function ToastViewport() {
  return (
    <Base.Provider limit={3}>
      <Base.Portal>
        <Base.Viewport className="fixed inset-x-4 bottom-4 z-50 ml-auto flex flex-col gap-2 sm:left-auto sm:w-90">
          <Toasts />
        </Base.Viewport>
      </Base.Portal>
    </Base.Provider>
  );
}

function Toasts() {
  const { toasts, add } = Base.useToastManager();
  const waiting = useSyncExternalStore(toastQueue.subscribe, toastQueue.waiting);
  useEffect(() => {
    if (waiting.length === 0) return;
    for (const { tone, title, description } of toastQueue.take()) {
      const failed = tone === "error";
      add({
        type: tone,
        title,
        description,
        timeout: failed ? 10_000 : 5000,
        priority: failed ? "high" : "low",
      });
    }
  }, [waiting, add]);

  return toasts.map((item) => {
    const tone = item.type === "error" ? "error" : "success";
    const Icon = tone === "error" ? CircleAlert : CircleCheck;
    return (
      <Base.Root
        key={item.id}
        toast={item}
        className="rounded-lg border border-line bg-raised p-3.5 shadow-lg transition-[opacity,translate] duration-150 data-ending-style:opacity-0 data-starting-style:translate-y-2 data-starting-style:opacity-0"
      >
        <Base.Content className="flex items-start gap-3">
          <Icon aria-hidden="true" className={toneMark({ tone: tone === "error" ? "danger" : tone })} />
          <div className="min-w-0 flex-1 wrap-anywhere">
            <Base.Title className="font-semibold" />
            <Base.Description className="text-muted" />
          </div>
          <Base.Close
            aria-label={t("action.close")}
            className="-m-1 grid size-7 shrink-0 place-items-center rounded-md text-muted hover:bg-hover hover:text-ink"
          >
            <X aria-hidden="true" className="size-4" />
          </Base.Close>
        </Base.Content>
      </Base.Root>
    );
  });
}
