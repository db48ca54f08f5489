/** @file The numbers behind the curves. */

import { formatNumber } from "../../src/chart/index.ts";
import type { Curves } from "./curves.ts";

const MOST = 200;

export function MetricsTable({ curves }: { curves: Curves }) {
  const { step, series, rows, isBinned } = curves;
  const names = [...series.keys()];
  const shown = Array.from({ length: Math.min(MOST, step.length) }, (_, i) => step.length - 1 - i);
  const part =
    shown.length < step.length ? `The last ${shown.length} of ${step.length}` : `All ${step.length}`;
  const of = isBinned ? `columns of ${rows} records; the last number of each column` : "records";
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="scroll" tabIndex={0} aria-label="Numbers of training">
      <table class="numbers">
        <caption>
          {part} {of}, the newest first
        </caption>
        <thead>
          <tr>
            <th scope="col">step</th>
            {names.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((i) => (
            <tr key={step[i]}>
              <th scope="row">{step[i]!.toLocaleString("en")}</th>
              {names.map((name) => {
                const value = series.get(name)!.last[i];
                return <td key={name}>{value == null ? "" : formatNumber(value)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
