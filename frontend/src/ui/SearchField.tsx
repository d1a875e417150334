import { Search, X } from "lucide-react";
import { useEffect, useEffectEvent, useState } from "react";
import { t } from "@/i18n/t";
import { inputStyle } from "./inputStyle";

type SearchFieldProps = {
  /** Read out, and shown inside the empty box. */
  label: string;
  value: string;
  /** Called when typing rests or the box is left, not at each letter. */
  onChange: (value: string) => void;
  delay?: number;
};

export function SearchField({ label, value, onChange, delay = 250 }: SearchFieldProps) {
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  const [typed, setTyped] = useState<string | null>(null); // and not told yet
  if (value !== known) {
    // The value was changed from outside (Back, "clear filters"): follow it, and forget what was being typed.
    setKnown(value);
    setText(value);
    setTyped(null);
  }

  function tell(next: string) {
    setText(next);
    setKnown(next);
    setTyped(null);
    onChange(next);
  }
  const rest = useEffectEvent(tell);
  useEffect(() => {
    if (typed === null) return;
    const timer = window.setTimeout(() => rest(typed), delay);
    return () => window.clearTimeout(timer);
  }, [typed, delay]);

  return (
    <div role="search" className="relative w-full sm:max-w-xs">
      <Search
        aria-hidden="true"
        className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-muted"
      />
      <input
        type="text"
        inputMode="search"
        enterKeyHint="search"
        aria-label={label}
        placeholder={label}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setTyped(event.target.value);
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape" && text !== "") tell("");
          if (event.key === "Enter" && typed !== null) tell(typed);
        }}
        // Whatever is pressed next works on what was typed.
        onBlur={() => typed !== null && tell(typed)}
        className={inputStyle({ start: true, end: text !== "" })}
      />
      {text !== "" && (
        <button
          type="button"
          aria-label={t("field.clearSearch")}
          onClick={() => tell("")}
          className="absolute inset-y-0 right-0 grid w-8 place-items-center rounded-sm text-muted hover:text-ink pointer-coarse:w-11"
        >
          <X aria-hidden="true" className="size-4" />
        </button>
      )}
    </div>
  );
}
