import { afterEach, expect, test, vi } from "vitest";
import { announceAttempt, followAttempt, rememberReturn, takeReturn } from "./authorizing";

afterEach(() => sessionStorage.clear());

const heard = (id: string, every?: number) =>
  new Promise<void>((resolve) => {
    announceAttempt(id, resolve, every);
  });

test("the page that follows an attempt hears that it has come back, and its window that somebody follows", async () => {
  const finished = vi.fn<() => void>();
  const stop = followAttempt("a", finished);
  await heard("a");
  expect(finished).toHaveBeenCalledOnce();
  stop();
});

test("another attempt is nobody's business", async () => {
  const finished = vi.fn<() => void>();
  const stop = followAttempt("b", finished);
  const follower = followAttempt("a", () => undefined);
  await heard("a");
  expect(finished).not.toHaveBeenCalled();
  stop();
  follower();
});

test("a page that was not listening yet hears it, too", async () => {
  const first = heard("a", 5);
  const finished = vi.fn<() => void>();
  const stop = followAttempt("a", finished);
  await first;
  expect(finished).toHaveBeenCalled();
  stop();
});

test("what is called off is heard no more", async () => {
  const unheard = vi.fn<() => void>();
  announceAttempt("a", unheard)();
  const stop = followAttempt("a", () => undefined);
  await heard("a");
  expect(unheard).not.toHaveBeenCalled();
  stop();
});

test("the way back is for the attempt that it was remembered for, once", () => {
  rememberReturn("a", "key-1");
  expect(takeReturn("b")).toBeNull();
  expect(takeReturn("a")).toBe("key-1");
  expect(takeReturn("a")).toBeNull();
});
