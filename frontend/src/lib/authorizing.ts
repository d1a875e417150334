/**
 * How the page that starts an authorization and the page that Microsoft comes back to find each other. A
 * BroadcastChannel arrives whatever the opener policy of the pages in between; what it says is only a hint, and the
 * server is asked for the truth.
 */
type Message = { type: "finished" | "followed"; id: string };

const channelName = "latchkey-authorization";
const returnKey = "latchkey.authorizing";

function isMessage(value: unknown): value is Message {
  return typeof value === "object" && value !== null && "type" in value && "id" in value;
}

// A channel reaches pages of this origin only, and so takes no target origin.
// oxlint-disable-next-line unicorn/require-post-message-target-origin
const say = (channel: BroadcastChannel, message: Message) => channel.postMessage(message);

/** Calls back when the attempt has come back to this browser, and tells its window that somebody follows it. */
export function followAttempt(id: string, onFinished: () => void): () => void {
  const channel = new BroadcastChannel(channelName);
  channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    if (!isMessage(data) || data.type !== "finished" || data.id !== id) return;
    say(channel, { type: "followed", id });
    onFinished();
  });
  return () => channel.close();
}

/**
 * Says that an attempt has come back, and again until the page that started it has heard: that page may be busy, or
 * asleep behind this one. Gives what calls it off.
 */
export function announceAttempt(id: string, onHeard: () => void, every = 800): () => void {
  const channel = new BroadcastChannel(channelName);
  const announce = () => say(channel, { type: "finished", id });
  const timer = window.setInterval(announce, every);
  const stop = () => {
    window.clearInterval(timer);
    channel.close();
  };
  channel.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    if (!isMessage(data) || data.type !== "followed" || data.id !== id) return;
    stop();
    onHeard();
  });
  announce();
  return stop;
}

/** Without a pop-up this tab goes to Microsoft itself: remembers where to go on. */
export function rememberReturn(id: string, keyId: string) {
  sessionStorage.setItem(returnKey, `${id} ${keyId}`);
}

/** The key whose wizard this tab left for the attempt, once. */
export function takeReturn(id: string): string | null {
  const [attempt, keyId] = (sessionStorage.getItem(returnKey) ?? "").split(" ");
  if (attempt !== id || !keyId) return null;
  sessionStorage.removeItem(returnKey);
  return keyId;
}

/** A window of our own, opened at the click so that no browser blocks it; null when one does. */
export function openDialogWindow(): Window | null {
  const left = Math.max(0, window.screenX + (window.outerWidth - 520) / 2);
  const top = Math.max(0, window.screenY + (window.outerHeight - 720) / 2);
  return window.open("/authorizing", "_blank", `popup,width=520,height=720,left=${left},top=${top}`);
}
