import { t } from "@/i18n/t";

/** The first that fits wins: most browsers also name those that they descend from. */
const browsers: readonly [name: string, sign: RegExp][] = [
  ["Edge", /\bEdg(e|A|iOS)?\//],
  ["Opera", /\bOPR\//],
  ["Firefox", /\b(Firefox|FxiOS)\//],
  ["Chrome", /(Chrome|Chromium|CriOS)\//],
  ["Safari", /\bSafari\//],
];

const systems: readonly [name: string, sign: RegExp][] = [
  ["Android", /\bAndroid\b/],
  ["iPhone", /\biPhone\b/],
  ["iPad", /\biPad\b/],
  ["Windows", /\bWindows\b/],
  ["ChromeOS", /\bCrOS\b/],
  ["macOS", /\bMac OS X\b/],
  ["Linux", /\bLinux\b/],
];

const find = (list: typeof browsers, userAgent: string) => list.find(([, sign]) => sign.test(userAgent))?.[0];

/** "Firefox on Windows": enough of what a browser says of itself to tell one's own from others. */
export function browserName(userAgent: string): string {
  const browser = find(browsers, userAgent);
  const system = find(systems, userAgent);
  if (!browser) return userAgent.slice(0, 40) || t("account.unknownBrowser");
  return system ? t("account.browserOn", { browser, system }) : browser;
}
