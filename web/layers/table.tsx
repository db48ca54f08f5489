/** @file The numbers of the layers at one step. */

import { formatNumber } from "../../src/chart/index.ts";
import type { ProbeRow } from "../../src/studio/shapes.ts";
import { Rc } from "../views/letters.tsx";

const shown = (value: number | null | undefined) => (value == null ? "–" : formatNumber(value));

export function ProbeTable({ row }: { row: ProbeRow }) {
  const { rc, rcHalf, nonZero, compressionUnit, sparseUnit, step } = row;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="scroll" tabIndex={0} aria-label="Numbers of the layers">
      <table class="numbers">
        <caption>Each layer at step {step.toLocaleString("en")}; rates in nats</caption>
        <thead>
          <tr>
            <th scope="col">layer</th>
            <th scope="col">
              <Rc /> before
            </th>
            <th scope="col">after MSSA</th>
            <th scope="col">after ISTA</th>
            <th scope="col">MSSA takes away, unit tokens</th>
            <th scope="col">ISTA adds, unit tokens</th>
            <th scope="col">non-zeros, %</th>
          </tr>
        </thead>
        <tbody>
          {nonZero.map((share, l) => (
            <tr key={l}>
              <th scope="row">{l + 1}</th>
              <td>{shown(rc[l])}</td>
              <td>{shown(rcHalf[l])}</td>
              <td>{shown(rc[l + 1])}</td>
              <td>{shown(compressionUnit[l])}</td>
              <td>{shown(sparseUnit[l])}</td>
              <td>{share === null ? "–" : (100 * share).toFixed(1)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
