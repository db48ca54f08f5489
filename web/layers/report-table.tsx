/** @file The numbers of a report by layer. */

import { formatNumber } from "../../src/chart/index.ts";
import type { Report, ReportSpread } from "../../src/measure/report-schema.ts";

export const MEASURES = [
  ["authorsRate", "R^c, authors' code"],
  ["paperRate", "R^c, paper"],
  ["paperRateUnit", "R^c, unit tokens"],
  ["compressionUnit", "MSSA takes away"],
  ["nonZero", "share of non-zeros"],
] as const;

export const shown = (spread: ReportSpread | undefined) =>
  spread?.mean == null
    ? "–"
    : `${formatNumber(spread.mean)}${spread.std === null ? "" : ` ± ${formatNumber(spread.std)}`}`;

export function ReportTable({ report }: { report: Report }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="scroll" tabIndex={0} aria-label="Numbers of the report">
      {(report.layers ?? []).map(({ name, before, after }) => {
        const found = MEASURES.filter(([key]) => after.some((layer) => layer[key] !== undefined));
        return (
          <table key={name} class="numbers">
            <caption>{name}: untrained → trained, mean ± standard deviation</caption>
            <thead>
              <tr>
                <th scope="col">layer</th>
                {found.map(([key, title]) => (
                  <th key={key} scope="col">
                    {title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {after.map((layer, l) => (
                <tr key={l}>
                  <th scope="row">{l + 1}</th>
                  {found.map(([key]) => (
                    <td key={key}>
                      {before && `${shown(before[l]?.[key])} → `}
                      {shown(layer[key])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        );
      })}
    </section>
  );
}
