/** @file The charts of a run, side by side, with one crosshair. */

import { signal } from "@preact/signals";
import { formatNumber } from "../../src/chart/index.ts";
import type { CheckpointRow } from "../../src/studio/shapes.ts";
import { go, view } from "../address.ts";
import type { Curves } from "./curves.ts";
import { type Panel, shortName } from "./panels.ts";
import { type Line, Plot } from "./plot.tsx";

interface Props {
  curves: Curves;
  panels: readonly Panel[];
  checkpoints: readonly CheckpointRow[];
  range: readonly [number, number];
}

/** Step under the crosshair of any chart. */
const at = signal<number | undefined>(undefined);

export function Panels({ panels, ...props }: Props) {
  return (
    <div class="panels">
      {panels.map((panel) => (
        <Chart key={panel.title} panel={panel} {...props} />
      ))}
    </div>
  );
}

const scaled = (values: readonly (number | null)[], by: number) =>
  by === 1 ? values : values.map((x) => (x == null ? null : x / by));

function Chart({ panel, curves, checkpoints, range }: Omit<Props, "panels"> & { panel: Panel }) {
  const { smooth, log } = view.value;
  const lines = panel.names.map((name, tone): Line => {
    const { min, max, last } = curves.series.get(name)!;
    const by = panel.scale;
    return {
      ...{ name, tone, step: curves.step },
      ...{ min: scaled(min, by), max: scaled(max, by), last: scaled(last, by) },
    };
  });
  const isCut = log && lines.some(({ min }) => min.some((x) => x != null && x <= 0));
  return (
    <figure class="chart">
      <figcaption>
        <h3>{panel.title}</h3>
        <p class="note">{panel.about}</p>
        <Legend panel={panel} lines={lines} />
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
function Legend({ panel, lines }: { panel: Panel; lines: readonly Line[] }) {
  const step = at.value;
  return (
    <ul class="legend">
      {lines.map(({ name, step: steps, last, tone }) => (
        <li key={name}>
          <span class={`swatch v-s${tone % 7}`} aria-hidden="true" />
          {shortName(name, panel)}
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
