/** @file Rows as a table, and two runs side by side. */

import { type Goal, type Row, reached } from "./harness.ts";
import type { Turns } from "./side.ts";
import { median, type Summary, summarise } from "./statistics.ts";

const number = (value: number): string =>
  value === 0 ? "0" : Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
const spread = ({ median, mad }: Summary): string =>
  mad === 0 ? number(median) : `${number(median)} ± ${number(mad)}`;
const goalText = (goal: Goal, unit: string): string =>
  `${goal.at === "most" ? "≤" : "≥"} ${goal.value}${goal.of === "ratio" ? " ×" : ` ${unit}`}`;

function table(header: readonly string[], lines: readonly (readonly string[])[]): string {
  const widths = header.map((name, i) => Math.max(name.length, ...lines.map((line) => line[i]!.length)));
  return [header, ...lines]
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** What was measured, the peer beside it, the goal and whether it is reached. */
export function resultTable(rows: readonly Row[]): string {
  const header = ["what", "unit", "vitrine", "peer", "ratio (pairs)", "goal", "reached"];
  const lines = rows.map((row) => {
    const { what, unit, ours, peer, ratio, goal } = row;
    const verdict = reached(row);
    return [
      what,
      unit,
      spread(ours),
      peer ? spread(peer) : "",
      ratio ? `${number(ratio.ofMedians)} (${number(ratio.ofPairs)})` : "",
      goal ? goalText(goal, unit) : "",
      verdict === undefined ? "" : verdict ? "yes" : "no",
    ];
  });
  const notes = rows.filter(({ note }) => note !== undefined).map(({ what, note }) => `${what}: ${note}`);
  return [table(header, lines), ...notes].join("\n");
}

/** What each task of ours took here and in the checkout before, which took turns: below 1 it is faster now. */
export function turnsTable(turns: readonly Turns[]): string {
  const lines = turns.map(({ task, now, before }) => {
    const [mine, theirs] = [now, before].map((seconds) => summarise(seconds.map((value) => 1000 * value)));
    const ofPairs = median(now.map((value, round) => value / before[round]!));
    return [
      task,
      spread(theirs!),
      spread(mine!),
      `${number(mine!.median / theirs!.median)} (${number(ofPairs)})`,
    ];
  });
  return table(["task", "before, ms", "now, ms", "ratio (pairs)"], lines);
}

/** The same rows of two results; a change counts where it is larger than both spreads. */
export function changeTable(before: readonly Row[], after: readonly Row[]): string {
  const lines = before.flatMap((old) => {
    const now = after.find((row) => row.what === old.what && row.unit === old.unit);
    if (now === undefined) return [];
    const change = now.ours.median / old.ours.median - 1;
    const noise = 3 * Math.max(old.ours.mad / old.ours.median, now.ours.mad / now.ours.median);
    const text = `${change >= 0 ? "+" : "−"}${Math.abs(100 * change).toFixed(1)} %`;
    return [
      [
        old.what,
        old.unit,
        spread(old.ours),
        spread(now.ours),
        text,
        Math.abs(change) > noise ? "" : "in the noise",
      ],
    ];
  });
  return table(["what", "unit", "before", "after", "change", ""], lines);
}
