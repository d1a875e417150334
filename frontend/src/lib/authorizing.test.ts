import { afterEach, expect, test, vi } from "vitest";
import { announceAttempt, followAttempt, rememberReturn, takeReturn } from "./authorizing";

afterEach(() => sessionStorage.clear());

/** Longer than any machine takes: the tests wait for the answer, not for the time. */
const long = 60_000;

test("the page that follows an attempt hears that it has come back, and its window that somebody follows", async () => {
  const finished = vi.fn<() => void>();
  const stop = followAttempt("a", finished);
  expect(await announceAttempt("a", long)).toBe(true);
  expect(finished).toHaveBeenCalledOnce();
  stop();
});

test("another attempt is nobody's business", async () => {
  const finished = vi.fn<() => void>();
  const stop = followAttempt("b", finished);
  const follower = followAttempt("a", () => undefined);
  expect(await announceAttempt("a", long)).toBe(true);
  expect(finished).not.toHaveBeenCalled();
  stop();
  follower();
});

test("an attempt that nobody follows is not heard", async () => {
  followAttempt("a", () => undefined)();
  expect(await announceAttempt("a", 1)).toBe(false);
});

test("the way back is for the attempt that it was remembered for, once", () => {
  rememberReturn("a", "key-1");
  expect(takeReturn("b")).toBeNull();
  expect(takeReturn("a")).toBe("key-1");
  expect(takeReturn("a")).toBeNull();
});
