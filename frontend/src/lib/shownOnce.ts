import { useState } from "react";

/**
 * What a dialog shows once, such as a secret: null until there is one, and forgotten when the dialog opens anew.
 * While it fades out it goes on showing what it showed.
 */
export function useShownOnce<Value>(open: boolean) {
  const [value, setValue] = useState<Value | null>(null);
  const [wasOpen, setWasOpen] = useState(open);
  if (open !== wasOpen) {
    setWasOpen(open);
    if (open) setValue(null);
  }
  return [value, setValue] as const;
}
