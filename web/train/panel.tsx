/** @file The charts of a run, side by side, with one crosshair. */

import { signal } from "@preact/signals";
import { formatNumber } from "../../src/chart/index.ts";
import type { CheckpointRow } from "../../src/studio/shapes.ts";
import { go, view } from "../address.ts";
import type { Curves } from "./curves.ts";
import { lineOf, type Panel, shortName } from "./panels.ts";
import { type Line, Plot } from "./plot.tsx";

interface Shared {
  checkpoints: readonly CheckpointRow[];
  range: readonly [number, number];
}
interface Props extends Shared {
  curves: Curves;
  panels: readonly Panel[];
}
interface PanelProps extends Shared {
  panel: Panel;
  lines: readonly Named[];
}

/** Step under the crosshair of any chart. */
const at = signal<number | undefined>(undefined);

export function Panels({ panels, curves, ...props }: Props) {
  return (
    <div class="panels">
      {panels.map((panel) => (
        <PanelOf
          key={panel.title}
          panel={panel}
          lines={panel.names.map((name, tone) => ({
            ...lineOf(curves, name, panel.scale),
            ...{ tone, shown: shortName(name, panel) },
          }))}
          {...props}
        />
      ))}
    </div>
  );
}

/** A line, and what it is called in the legend. */
type Named = Line & { shown: string };

export function PanelOf({ panel, lines, checkpoints, range }: PanelProps) {
  const { smooth, log } = view.value;
  const isCut = log && lines.some(({ min }) => min.some((x) => x != null && x <= 0));
  return (
    <figure class="chart">
      <figcaption>
        <h3>{panel.title}</h3>
        <p class="note">{panel.about}</p>
        <Legend lines={lines} />
      </figcaption>
      <Plot
        {...{ lines, range, checkpoints, unit: panel.unit, isLog: log, smooth: smooth / 100 }}
        onRange={(wanted) => go({ first: wanted?.[0], last: wanted?.[1] })}
        onStep={(step) => {
          at.value = step;
        }}
      />
      {isCut && <p class="note">Numbers that are not positive have no place on a logarithmic axis.</p>}
    </figure>
  );
}

/** The number of each line under the crosshair, else its last. */
function Legend({ lines }: { lines: readonly Named[] }) {
  const step = at.value;
  return (
    <ul class="legend">
      {lines.map(({ shown, step: steps, last, tone }) => (
        <li key={tone}>
          <span class={`swatch v-s${tone % 7}`} aria-hidden="true" />
          {shown}
          <b>{numberAt(steps, last, step)}</b>
        </li>
      ))}
      {step !== undefined && <li class="note">step {step.toLocaleString("en")}</li>}
    </ul>
  );
}

function numberAt(steps: readonly number[], values: readonly (number | null)[], step?: number): string {
  let i = step === undefined ? values.length - 1 : steps.findLastIndex((each) => each <= step);
  // an evaluation is every so many steps
  while (i >= 0 && values[i] == null) i--;
  return i < 0 ? "–" : formatNumber(values[i]!);
}
