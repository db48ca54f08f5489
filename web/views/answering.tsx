/** @file Around what libtorch answers: the answer, what is wrong, how long it took. */

import type { ComponentChildren } from "preact";
import type { Answered } from "../answer.ts";
import { Problem, Waiting } from "./state.tsx";

interface Props<T> {
  of: Answered<T>;
  what: string;
  children: (answer: T) => ComponentChildren;
}

export function Answering<T>({ of: { answer, error, isBusy, ms }, what, children }: Props<T>) {
  return (
    <div class={`answering ${isBusy && answer !== undefined ? "busy" : ""}`} aria-busy={isBusy}>
      {error && <Problem>{error}</Problem>}
      {answer === undefined ? !error && <Waiting what={what} /> : children(answer)}
      {answer !== undefined && (
        <p class="note took">
          {isBusy ? "libtorch computes …" : `Computed by libtorch on this machine, ${shownTime(ms)}.`}
        </p>
      )}
    </div>
  );
}

const shownTime = (ms: number): string => (ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`);
