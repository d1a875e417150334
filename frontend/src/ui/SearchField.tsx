import { Search, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { t } from "@/i18n/t";
import { inputStyle } from "./inputStyle";

type SearchFieldProps = {
  /** Read out, and shown inside the empty box. */
  label: string;
  value: string;
  /** Called when typing rests, not at each letter. */
  onChange: (value: string) => void;
  delay?: number;
};

export function SearchField({ label, value, onChange, delay = 250 }: SearchFieldProps) {
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  const timer = useRef<number | undefined>(undefined);
  if (value !== known) {
    // The value was changed from outside (Back, "clear filters"): follow it.
    setKnown(value);
    setText(value);
  }
  useEffect(() => () => window.clearTimeout(timer.current), []);

  function type(next: string, wait: number) {
    setText(next);
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      setKnown(next);
      onChange(next);
    }, wait);
  }

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
        onChange={(event) => type(event.target.value, delay)}
        onKeyDown={(event) => event.key === "Escape" && text !== "" && type("", 0)}
        className={inputStyle({ start: true, end: text !== "" })}
      />
      {text !== "" && (
        <button
          type="button"
          aria-label={t("field.clearSearch")}
          onClick={() => type("", 0)}
          className="absolute inset-y-0 right-0 grid w-8 place-items-center rounded-sm text-muted hover:text-ink pointer-coarse:w-11"
        >
          <X aria-hidden="true" className="size-4" />
        </button>
      )}
    </div>
  );
}
