/** @file What libtorch answers to a page. */

import { useEffect, useMemo, useState } from "preact/hooks";
import type { JobName, Jobs } from "../src/studio/shapes.ts";
import { Overtaken } from "./engine/engine.ts";
import { Newest } from "./newest.ts";
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

const START = { answer: undefined, error: "", isBusy: true, ms: 0 } as const;
const NO_LIBTORCH = "This page asks libtorch, which exported files have not. Open the run by vitrine studio.";

/** Asks when the page is shown and whenever the question changes. @param asked nothing: the last answer stays */
export function useAnswer<N extends JobName>(
  run: RunHere,
  name: N,
  asked: Jobs[N][0] | undefined,
): Answered<Jobs[N][1]> {
  const [state, set] = useState<Answered<Jobs[N][1]>>(START);
  const questions = useMemo(() => {
    const ask = run.studio?.ask;
    return ask && new Newest((each: Jobs[N][0], signal) => ask(run.id, name, each, signal));
  }, [run.id, name]);
  useEffect(() => () => questions?.close(), [questions]);
  const key = JSON.stringify(asked);
  useEffect(() => {
    if (questions === undefined) set({ ...START, error: NO_LIBTORCH, isBusy: false });
    if (questions === undefined || asked === undefined) return;
    const start = performance.now();
    set((now) => ({ ...now, isBusy: true }));
    questions.run(asked).then(
      (answer) => set({ answer, error: "", isBusy: false, ms: performance.now() - start }),
      (error) => {
        if (error instanceof Overtaken) return;
        set((now) => ({ ...now, error: (error as Error).message, isBusy: false }));
      },
    );
  }, [questions, key]);
  return state;
}
