import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { useEffect, useId, useRef, useState, type ReactNode } from "react";
import type { AccountKey } from "@/api/account-keys";
import { instanceQuery } from "@/api/instance";
import { t } from "@/i18n/t";
import { useMedia } from "@/lib/media";
import { Drawer } from "@/ui/Drawer";
import { QueryView } from "@/ui/QueryView";
import { registrationOf, type Chosen, type Way } from "./registration";
import { Ways } from "./Ways";

/** From this width on there is room beside the wizard. */
const wide = "(min-width: 64rem)";

type RegistrationGuideProps = {
  accountKey: AccountKey;
  /** What is in the form at the moment, saved or not. */
  chosen: Chosen;
  way: Way;
  onWay: (way: Way) => void;
  onClose: () => void;
  /** It was opened just now, by hand: focus goes there. */
  takeFocus: boolean;
};

/** How to make the app for this key: beside the wizard, or over it where there is no room. */
export function RegistrationGuide({ onClose, takeFocus, ...guide }: RegistrationGuideProps) {
  const beside = useMedia(wide);
  if (beside) {
    return (
      <Beside onClose={onClose} takeFocus={takeFocus}>
        <Guide {...guide} />
      </Beside>
    );
  }
  return (
    <Drawer
      open
      side="right"
      onClose={onClose}
      label={t("registration.title")}
      closeLabel={t("registration.close")}
      heading={<h2 className="text-lg font-semibold">{t("registration.title")}</h2>}
    >
      <div className="p-4">
        <Guide {...guide} />
      </div>
    </Drawer>
  );
}

type BesideProps = Pick<RegistrationGuideProps, "onClose" | "takeFocus"> & { children: ReactNode };

function Beside({ onClose, takeFocus, children }: BesideProps) {
  const id = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (takeFocus) heading.current?.focus();
  }, [takeFocus]);
  return (
    // Escape closes it wherever in it the focus is, as it closes the drawer.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <aside
      aria-labelledby={id}
      onKeyDown={(event) => event.key === "Escape" && onClose()}
      className="sticky top-4 max-h-[calc(100dvh-2rem)] min-w-0 overflow-y-auto rounded-lg border border-line bg-surface p-5 shadow-sm"
    >
      <div className="mb-3 flex items-start justify-between gap-2">
        <h2 id={id} ref={heading} tabIndex={-1} className="text-lg font-semibold">
          {t("registration.title")}
        </h2>
        <button
          type="button"
          aria-label={t("registration.close")}
          onClick={onClose}
          className="-mt-1 -mr-2 grid size-8 shrink-0 place-items-center rounded-md text-muted hover:bg-hover hover:text-ink pointer-coarse:size-11"
        >
          <X aria-hidden="true" className="size-5" />
        </button>
      </div>
      {children}
    </aside>
  );
}

type GuideProps = Pick<RegistrationGuideProps, "accountKey" | "chosen" | "way" | "onWay">;

function Guide({ accountKey, chosen, way, onWay }: GuideProps) {
  const instance = useQuery(instanceQuery);
  const [now] = useState(() => new Date());
  return (
    <QueryView bare query={instance}>
      {(told) => {
        const registration = registrationOf(accountKey, chosen, told, now);
        return (
          <>
            {registration.cloud && (
              <p className="mb-4 text-pretty text-muted">
                {t("registration.intro", { name: accountKey.displayName, cloud: registration.cloudName })}
              </p>
            )}
            <Ways registration={registration} way={way} onWay={onWay} />
          </>
        );
      }}
    </QueryView>
  );
}
