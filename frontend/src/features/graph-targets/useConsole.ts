import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { forgetSession } from "@/api/session";
import type { Target } from "@/api/targets";
import { addressOf, hasBody, methodsOf, pathOf, type Call } from "./call";
import { samplePath } from "./paths";
import { send, type Answer } from "./send";

/** A call that was made, and what became of it; an answer, unless it was cancelled or never arrived. */
export type Exchange = {
  number: number;
  call: Call;
  milliseconds: number;
  outcome: Answer | "cancelled" | "unreachable";
};

/** As many as anybody goes back to; each may hold a long answer. */
const remembered = 20;

/** The console of one visit to a target: the call that is being written, those that were made, and the one under way. */
export function useConsole(target: Target) {
  const client = useQueryClient();
  const [written, setDraft] = useState<Call>(() => ({
    method: methodsOf(target)[0] ?? "GET",
    path: samplePath(target),
    contentType: "application/json",
    body: "",
  }));
  const [history, setHistory] = useState<Exchange[]>([]);
  const [shown, setShown] = useState<number | null>(null);
  const [running, setRunning] = useState<AbortController | null>(null);
  const [error, setError] = useState<string>();
  const count = useRef(0);
  // Whoever leaves the target waits for nothing there any more.
  useEffect(() => () => running?.abort(), [running]);

  const methods = methodsOf(target);
  // What was chosen may have been taken away since.
  const draft = methods.includes(written.method) ? written : { ...written, method: methods[0] ?? "GET" };

  async function run(wanted: Call) {
    if (running) return;
    const call = { ...wanted, path: pathOf(target, wanted.path) };
    const address = addressOf(target, call.path);
    setError(address.error);
    setDraft(call);
    if (address.error !== undefined) return;
    const controller = new AbortController();
    setRunning(controller);
    const begun = performance.now();
    const outcome = await send(call, address.local, controller.signal).catch(() =>
      controller.signal.aborted ? ("cancelled" as const) : ("unreachable" as const),
    );
    const milliseconds = Math.round(performance.now() - begun);
    const number = ++count.current;
    setRunning(null);
    setHistory((before) => [{ number, call, milliseconds, outcome }, ...before].slice(0, remembered));
    setShown(number);
    // Graph's 401 is about its token; ours is about this session.
    if (typeof outcome === "object" && outcome.problem?.status === 401) forgetSession(client);
  }

  return {
    draft,
    error,
    history,
    shown: history.find(({ number }) => number === shown),
    pending: running !== null,
    change: (part: Partial<Call>) => {
      setError(undefined);
      setDraft((before) => ({ ...before, ...part }));
    },
    send: () => run(draft),
    follow: (path: string) => run({ ...draft, method: "GET", path }),
    cancel: () => running?.abort(),
    /** Shows a call of before, ready to be made again. */
    recall: ({ number, call }: Exchange) => {
      setShown(number);
      setError(undefined);
      setDraft(hasBody(call.method) ? call : { ...call, body: draft.body, contentType: draft.contentType });
    },
  };
}

export type Calls = ReturnType<typeof useConsole>;
