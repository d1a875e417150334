import { expect, test, vi } from "vitest";
import { t } from "@/i18n/t";
import { copyText } from "./clipboard";
import { formatDate, formatRelative } from "./format";
import { oneOf, ownPath, text } from "./search";
import { setTheme } from "./theme";

test("a text is filled in with its values", () => {
  expect(t("app.documentTitle", { page: "Settings" })).toBe("Settings · Latchkey");
});

test("a text with a count picks its form, and numbers are grouped", () => {
  expect(t("apiClients.permissionCount", { count: 1 })).toBe("1 permission");
  expect(t("apiClients.permissionCount", { count: 1200 })).toBe("1,200 permissions");
});

test("moments are told from now, in the largest unit that fits", () => {
  const now = Date.parse("2026-11-23T12:00:00Z");
  expect(formatRelative("2026-11-23T11:59:45Z", now)).toBe("this minute");
  expect(formatRelative("2026-11-23T12:00:15Z", now)).toBe("this minute");
  expect(formatRelative("2026-11-23T11:59:10Z", now)).toBe("1 minute ago");
  expect(formatRelative("2026-11-23T09:00:00Z", now)).toBe("3 hours ago");
  expect(formatRelative("2026-11-25T12:00:00Z", now)).toBe("in 2 days");
  expect(formatRelative("2025-11-20T12:00:00Z", now)).toBe("last year");
});

test("a date without a time is the same day in every time zone", () => {
  expect(formatDate("2027-03-01")).toBe("Mar 1, 2027");
});

test("search parameters that don't fit are left out", () => {
  expect(oneOf("about", ["people", "about"])).toBe("about");
  expect(oneOf("<script>", ["people", "about"])).toBeUndefined();
  expect(text(42)).toBe("42");
  expect(text("")).toBeUndefined();
  expect(text({})).toBeUndefined();
});

test.each(["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "", 7])(
  "%s is no path of ours",
  (address) => {
    expect(ownPath(address)).toBeUndefined();
  },
);

test("a path of ours is one", () => {
  expect(ownPath("/settings?tab=about")).toBe("/settings?tab=about");
});

test("without a clipboard, text is copied by command and the focus stays", async () => {
  const button = document.createElement("button");
  document.body.append(button);
  button.focus();
  vi.stubGlobal("navigator", {});
  let copied = "";
  document.execCommand = () => {
    copied = document.querySelector("textarea")?.value ?? "";
    return true;
  };
  expect(await copyText("lk_secret")).toBe(true);
  expect(copied).toBe("lk_secret");
  expect(document.activeElement).toBe(button);
  expect(document.querySelector("textarea")).toBeNull();
  vi.unstubAllGlobals();
  button.remove();
});

test("the chosen theme is on the page and remembered; the device's is neither", () => {
  setTheme("dark");
  expect(document.documentElement.dataset["theme"]).toBe("dark");
  expect(localStorage.getItem("latchkey.theme")).toBe("dark");
  setTheme("system");
  expect(document.documentElement.dataset["theme"]).toBe("light");
  expect(localStorage.getItem("latchkey.theme")).toBeNull();
});
