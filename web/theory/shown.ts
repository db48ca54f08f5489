/** @file What the layers of one run show beside claims that speak of trained networks, in a sentence each. */

import { formatNumber } from "../../src/chart/index.ts";
import type { Report } from "../../src/measure/report-schema.ts";
import type { ProbeRow, TheoryRow } from "../../src/studio/shapes.ts";
import { compresses, hasRates, ofLayers, sparsifies } from "../layers/words.ts";
import type { Studio } from "../source/source.ts";

type Subject = NonNullable<TheoryRow["ofLayers"]>;

export interface Shown {
  /** Of the run. */
  readonly name: string;
  readonly of: Readonly<Record<Subject, string>>;
}

export async function shownOf(studio: Studio, id: string): Promise<Shown> {
  const { name, hasProbes, hasReport } = await studio.run(id);
  const row = hasProbes ? (await studio.probes(id)).at(-1) : undefined;
  const report = hasReport ? await studio.report(id) : undefined;
  return {
    name,
    of: { compression: compressionOf(row), sparsity: sparsityOf(row), attention: attentionOf(report) },
  };
}

const NONE = "nothing was measured of its layers; vitrine inspect measures them.";
const at = ({ step }: ProbeRow) => `at step ${step.toLocaleString("en")}`;

export function compressionOf(row: ProbeRow | undefined): string {
  if (row === undefined) return NONE;
  if (!hasRates(row)) return "it has no subspaces U, so Rᶜ against them is not defined.";
  const { raw, unit } = compresses(row);
  return `${at(row)} attention lowers Rᶜ in ${ofLayers(raw)}; of tokens of length 1 in ${ofLayers(unit)}.`;
}

export function sparsityOf(row: ProbeRow | undefined): string {
  if (row === undefined) return NONE;
  const [fewer, all] = sparsifies(row);
  const percent = (share: number | null | undefined) =>
    share == null ? "–" : `${formatNumber(100 * share)} %`;
  const ends = `${percent(row.nonZero[0])} of entries are not 0 behind its first layer, ${percent(row.nonZero.at(-1))} behind its last`;
  return `${at(row)} ${ends}; the share falls behind ${fewer} of ${all} layers after the first.`;
}

/** The largest weight of each head's attention, against the even one. */
export function attentionOf(report: Report | undefined): string {
  const pictures = report?.attention ?? [];
  const [first] = pictures;
  if (first === undefined) return "vitrine inspect has measured no attention of it.";
  const means = first.layers.map((_, l) => {
    const all = pictures.flatMap(({ layers }) => layers[l]!.map(({ largest }) => largest));
    return all.reduce((sum, x) => sum + x, 0) / all.length;
  });
  const percent = (share: number) => `${formatNumber(100 * share)} %`;
  const even = 1 / (first.rows * first.columns);
  return `the class token's largest weight on one patch is ${percent(means[0]!)} in its first layer and ${percent(means.at(-1)!)} in its last, a mean over heads and ${pictures.length} images; even weights would be ${percent(even)}.`;
}
