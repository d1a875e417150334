import { Tabs as Base } from "@base-ui/react/tabs";
import { useEffect, useRef, type ReactNode } from "react";

type TabsProps<Value extends string> = {
  label: string;
  tabs: readonly { value: Value; label: string; content: ReactNode }[];
  value: Value;
  onChange: (value: Value) => void;
};

/**
 * Tabs whose choice lives with the caller, usually in the address. Where they don't all fit, the chosen one is
 * scrolled to, and the list fades at the edge that has more.
 */
export function Tabs<Value extends string>({ label, tabs, value, onChange }: TabsProps<Value>) {
  const list = useRef<HTMLDivElement>(null);
  const chosen = tabs.findIndex((tab) => tab.value === value);
  useEffect(() => {
    const { current } = list;
    if (!current) return;
    // Tells at once, too.
    const observer = new ResizeObserver(() => {
      scrollTo(current, chosen);
      markEdges(current);
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, [chosen]);
  return (
    <Base.Root
      value={value}
      // Only values of `tabs` can be chosen.
      onValueChange={(next) => onChange(next as Value)}
    >
      <Base.List
        ref={list}
        aria-label={label}
        onScroll={(event) => markEdges(event.currentTarget)}
        className="relative mb-5 flex gap-1 overflow-x-auto border-b border-line px-0.5 pt-0.5 data-more-after:mask-r-from-[calc(100%-2.5rem)] data-more-before:mask-l-from-[calc(100%-2.5rem)]"
      >
        {tabs.map((tab) => (
          <Base.Tab
            key={tab.value}
            value={tab.value}
            className="min-h-9 shrink-0 rounded-t-md px-3 text-muted -outline-offset-2! hover:text-ink data-active:font-semibold data-active:text-ink pointer-coarse:min-h-11"
          >
            {tab.label}
          </Base.Tab>
        ))}
        <Base.Indicator className="absolute bottom-0 left-0 h-0.5 w-(--active-tab-width) translate-x-(--active-tab-left) rounded-full bg-accent transition-[translate,width] duration-150" />
      </Base.List>
      {tabs.map((tab) => (
        <Base.Panel key={tab.value} value={tab.value} className="rounded-md">
          {tab.content}
        </Base.Panel>
      ))}
    </Base.Root>
  );
}

/** Puts a tab in the middle, as far as there is something to scroll; the page itself stays. */
function scrollTo(list: HTMLElement, index: number) {
  const tab = list.querySelectorAll<HTMLElement>("[role=tab]")[index];
  if (tab) list.scrollLeft = tab.offsetLeft - (list.clientWidth - tab.offsetWidth) / 2;
}

function markEdges(list: HTMLElement) {
  const { scrollLeft, clientWidth, scrollWidth } = list;
  list.toggleAttribute("data-more-before", scrollLeft > 1);
  list.toggleAttribute("data-more-after", scrollLeft + clientWidth < scrollWidth - 1);
}
