import { useSyncExternalStore } from "react";

/** What the person chose; "system" follows the device. public/theme.js applies it before the first paint. */
export type Theme = "system" | "light" | "dark";

const storageKey = "latchkey.theme";
const prefersDark = () => window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();
let chosen: Theme = read();

function read(): Theme {
  try {
    const stored = localStorage.getItem(storageKey);
    return stored === "light" || stored === "dark" ? stored : "system";
  } catch {
    return "system"; // storage is switched off
  }
}

function apply() {
  const dark = chosen === "dark" || (chosen === "system" && prefersDark().matches);
  document.documentElement.dataset["theme"] = dark ? "dark" : "light";
}

export function setTheme(theme: Theme) {
  chosen = theme;
  try {
    if (theme === "system") localStorage.removeItem(storageKey);
    else localStorage.setItem(storageKey, theme);
  } catch {
    // Storage is switched off: the choice lasts until the page is left.
  }
  apply();
  for (const listener of listeners) listener();
}

/** Follows the device and other tabs. Called once, by main. */
export function watchTheme() {
  prefersDark().addEventListener("change", apply);
  window.addEventListener("storage", (event) => {
    if (event.key !== null && event.key !== storageKey) return;
    chosen = read();
    apply();
    for (const listener of listeners) listener();
  });
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, () => chosen);
}
