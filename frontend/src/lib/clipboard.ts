/**
 * Copies text and says whether it worked. Browsers offer navigator.clipboard on https and localhost only; elsewhere
 * (http on a private network) the old command still works from a click.
 */
export async function copyText(text: string): Promise<boolean> {
  try {
    // Typed as always present, which holds in secure contexts only.
    const clipboard = navigator.clipboard as Clipboard | undefined;
    if (clipboard) {
      await clipboard.writeText(text);
      return true;
    }
  } catch {
    // Refused by the browser's permissions: try the old way.
  }
  return copyByCommand(text);
}

function copyByCommand(text: string): boolean {
  const before = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true;
  area.className = "sr-only";
  // Inside an open dialog when there is one: focus can't leave it.
  (before?.closest("dialog,[role=dialog],[role=alertdialog]") ?? document.body).append(area);
  area.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    area.remove();
    if (before instanceof HTMLElement) before.focus();
  }
}
