/** @file What libtorch answers to a page: the newest question aborts the one before it. */

import { useEffect, useState } from "preact/hooks";
import type { JobName, Jobs } from "../src/studio/shapes.ts";
import type { RunHere } from "./source/source.ts";

export interface Answered<T> {
  /** The newest one that came; it stays while the next is computed. */
  readonly answer: T | undefined;
  readonly error: string;
  /** The answer is to an older question. */
  readonly isBusy: boolean;
  /** From the question to the answer. */
  readonly ms: number;
}

/** A question that comes so soon after another waits for the hand to rest. */
const REST_MS = 40;

/** Asks when the page is shown and whenever the question changes. @param asked nothing: there is no question yet */
export function useAnswer<N extends JobName>(
  run: RunHere,
  name: N,
  asked: Jobs[N][0] | undefined,
): Answered<Jobs[N][1]> {
  const [state, set] = useState<Answered<Jobs[N][1]>>({ answer: undefined, error: "", isBusy: true, ms: 0 });
  const key = JSON.stringify(asked);
  useEffect(() => {
    if (asked === undefined) return;
    const ask = run.studio?.ask;
    if (ask === undefined) {
      const error = "These pages ask libtorch, which files have not. Open the run by vitrine studio.";
      set((now) => ({ ...now, error, isBusy: false }));
      return;
    }
    const stop = new AbortController();
    set((now) => ({ ...now, isBusy: true }));
    const timer = setTimeout(async () => {
      const start = performance.now();
      try {
        const answer = await ask(run.id, name, asked, stop.signal);
        set({ answer, error: "", isBusy: false, ms: performance.now() - start });
      } catch (error) {
        if (!stop.signal.aborted) set((now) => ({ ...now, error: (error as Error).message, isBusy: false }));
      }
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [run.id, name, key]);
  return state;
}
