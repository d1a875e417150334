import { X } from "lucide-react";

type ChipProps = { children: string; removeLabel: string; onRemove: () => void };

/** One of a few things that are chosen, with a button that takes it away again. */
export function Chip({ children, removeLabel, onRemove }: ChipProps) {
  return (
    <li className="flex max-w-full items-center gap-1 rounded-full border border-accent-line bg-accent-soft py-0.5 pr-1 pl-2.5 text-sm">
      <span className="truncate">{children}</span>
      <button
        type="button"
        aria-label={removeLabel}
        onClick={onRemove}
        className="grid size-6 shrink-0 place-items-center rounded-full hover:bg-pressed"
      >
        <X aria-hidden="true" className="size-3.5" />
      </button>
    </li>
  );
}
