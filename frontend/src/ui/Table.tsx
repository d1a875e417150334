import type { ReactNode } from "react";

/**
 * A plain table. Below 640 px each row becomes a small card, each cell under its label, so that nothing scrolls
 * sideways. The roles say again what the elements mean because changing their display takes it away.
 */
export function Table({ label, head, children }: { label: string; head: ReactNode; children: ReactNode }) {
  return (
    <table role="table" aria-label={label} className="block w-full text-left sm:table">
      <thead role="rowgroup" className="sr-only sm:not-sr-only sm:table-header-group">
        <tr role="row" className="sm:border-b sm:border-line">
          {head}
        </tr>
      </thead>
      <tbody role="rowgroup" className="block sm:table-row-group">
        {children}
      </tbody>
    </table>
  );
}

/** A column's heading. `hidden` names a column of buttons for screen readers only. */
export function Th({ hidden, children }: { hidden?: boolean; children: ReactNode }) {
  return (
    <th
      role="columnheader"
      scope="col"
      className="px-4 py-2.5 text-sm font-semibold whitespace-nowrap text-muted sm:first:pl-5 sm:last:pr-5"
    >
      {hidden ? <span className="sr-only">{children}</span> : children}
    </th>
  );
}

/** A row; `fresh` marks the one that was just made. */
export function Tr({ fresh, children }: { fresh?: boolean; children: ReactNode }) {
  return (
    <tr
      role="row"
      className={`relative block border-b border-line px-4 py-3 last:border-b-0 sm:table-row sm:p-0 ${fresh ? "bg-accent-soft" : "hover:bg-sunken"}`}
    >
      {children}
    </tr>
  );
}

type TdProps = {
  /** The column's heading again, for the narrow layout. Leave it out for what speaks for itself. */
  label?: string;
  /** The cell that names the row. */
  heading?: boolean;
  /** Buttons: at the end of the row, or at the top corner of the card. */
  actions?: boolean;
  children: ReactNode;
};

export function Td({ label, heading, actions, children }: TdProps) {
  if (actions) {
    return (
      <td role="cell" className="absolute top-2 right-2 text-right sm:static sm:px-3 sm:py-1.5">
        {children}
      </td>
    );
  }
  const Cell = heading ? "th" : "td";
  return (
    <Cell
      role={heading ? "rowheader" : "cell"}
      scope={heading ? "row" : undefined}
      className={`flex gap-3 py-0.5 text-left align-middle sm:table-cell sm:px-4 sm:py-3 sm:first:pl-5 sm:last:pr-5 ${heading ? "pr-12 font-normal sm:pr-4" : ""}`}
    >
      {label && (
        <span aria-hidden="true" className="w-28 shrink-0 text-sm text-muted sm:hidden">
          {label}
        </span>
      )}
      <div className="min-w-0 wrap-anywhere">{children}</div>
    </Cell>
  );
}
