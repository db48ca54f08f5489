/** @file The step of training that is looked at: a slider over those at which the layers were measured. */

import { useEffect, useState } from "preact/hooks";
import type { ProbeRow } from "../../src/studio/shapes.ts";
import { go, view } from "../address.ts";

/** Place of the row that the address names: the last at or before that step. */
export function placeIn(rows: readonly ProbeRow[]): number {
  const { at } = view.value;
  if (at === undefined) return rows.length - 1;
  return Math.max(
    0,
    rows.findLastIndex(({ step }) => step <= at),
  );
}

const FRAME_MS = 350;

export function Time({ rows }: { rows: readonly ProbeRow[] }) {
  const now = placeIn(rows);
  const last = rows.length - 1;
  const [isPlaying, play] = useState(false);
  const show = (i: number) => go({ at: i >= last ? undefined : rows[i]!.step });
  useEffect(() => {
    if (!isPlaying) return undefined;
    const timer = setTimeout(() => {
      if (now >= last) play(false);
      else show(now + 1);
    }, FRAME_MS);
    return () => clearTimeout(timer);
  }, [isPlaying, now]);
  if (rows.length < 2) return null;
  return (
    <div class="controls time">
      <button
        type="button"
        onClick={() => {
          if (!isPlaying && now >= last) show(0);
          play(!isPlaying);
        }}
      >
        {isPlaying ? "Stop" : "Play"}
        <span class="hidden"> training</span>
      </button>
      <label>
        <span>Training</span>
        <input
          type="range"
          min={0}
          max={last}
          value={now}
          aria-valuetext={`step ${rows[now]!.step}`}
          onInput={({ currentTarget }) => {
            play(false);
            show(Number(currentTarget.value));
          }}
        />
        <span class="number">
          step {rows[now]!.step.toLocaleString("en")}
          {now === last ? ", the last" : rows[now]!.step === 0 ? ", untrained" : ""}
        </span>
      </label>
    </div>
  );
}
