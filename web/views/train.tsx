/** @file Is this run learning? Curves over steps, live while it writes. */

import { useEffect, useMemo } from "preact/hooks";
import { view } from "../address.ts";
import { useBounds } from "../bounds.ts";
import { runs } from "../runs.ts";
import type { RunHere } from "../source/source.ts";
import { type Curves, LiveCurves } from "../train/curves.ts";
import { Panels } from "../train/panel.tsx";
import { panelsOf } from "../train/panels.ts";
import { PX } from "../train/plot.tsx";
import { MetricsTable } from "../train/table.tsx";
import { AboutRun } from "./about-run.tsx";
import { Controls } from "./curve-controls.tsx";
import { Empty, Problem, Waiting } from "./state.tsx";

export function Train({ run }: { run: RunHere }) {
  const live = useMemo(() => new LiveCurves(run.studio!, run.id, PX), [run.id]);
  const { first, last, hold } = view.value;
  useBounds({});
  useEffect(() => {
    void live.load(first, last);
    return () => live.stop();
  }, [live, first, last]);
  useEffect(() => live.hold(hold), [live, hold]);
  // a run that was resumed is followed again
  const isRunning = runs.value?.find(({ id }) => id === run.id)?.running ?? false;
  useEffect(() => {
    const { status } = live;
    if (isRunning && (status.peek() === "stopped" || status.peek() === "finished"))
      void live.load(first, last);
  }, [isRunning]);
  const curves = live.curves.value;
  if (curves === undefined)
    return live.problem.value ? <Problem>{live.problem.value}</Problem> : <Waiting what="the numbers" />;
  return (
    <div class="train">
      <State run={run} live={live} curves={curves} />
      {curves.series.size === 0 ? (
        <Empty title="No numbers yet">
          <p>
            Training writes its first record into metrics.jsonl after a few steps; it is drawn here at once.
          </p>
        </Empty>
      ) : (
        <>
          <Controls />
          <Panels
            curves={curves}
            panels={panelsOf([...curves.series.keys()])}
            checkpoints={run.detail!.checkpoints}
            range={rangeOf(curves, first, last)}
          />
          <p class="note foot">{toldOf(curves)}</p>
          {view.value.table && <MetricsTable curves={curves} />}
        </>
      )}
      <AboutRun detail={run.detail!} />
    </div>
  );
}

const rangeOf = ({ step }: Curves, from?: number, to?: number): readonly [number, number] => {
  const low = from ?? Math.min(0, step[0] ?? 0);
  return [low, Math.max(to ?? step.at(-1) ?? 1, low + 1)];
};

/** How many records there are, and how many a pixel has. */
function toldOf({ rows, step, isBinned, exact }: Curves): string {
  const count = rows.toLocaleString("en");
  if (!exact) return `An overview of 1,024 records; all of them are being read.`;
  if (!isBinned) return `All ${count} records are drawn, each as a point of its own.`;
  return `All ${count} records are drawn, in ${step.length} columns: a column's shade reaches from its least to its greatest number.`;
}

const WORDS = {
  reading: "",
  live: "Running: what it writes is drawn at once.",
  waiting: "The studio does not answer; it is asked again every few seconds.",
  finished: "Finished.",
  stopped: "Stopped before its last step; vitrine train --resume auto goes on.",
  gone: "Its folder has gone; these are the last numbers.",
  still: "",
} as const;

function State({ run, live, curves }: { run: RunHere; live: LiveCurves; curves: Curves }) {
  const { steps, result } = run.detail!;
  const step = curves.step.at(-1) ?? 0;
  const status = live.status.value;
  const held = live.held.value;
  return (
    <p class="state" role="status">
      {status === "live" && <span class="dot" aria-hidden="true" />}
      <span>{WORDS[status]}</span>
      <span>
        Step <b>{step.toLocaleString("en")}</b>
        {steps !== undefined && ` of ${steps.toLocaleString("en")}`}
      </span>
      {result && (
        <span>
          Best: <b>{result}</b>
        </span>
      )}
      {held > 0 && <span>{held} records wait.</span>}
      {live.problem.value && <span class="warm">{live.problem.value}</span>}
    </p>
  );
}
