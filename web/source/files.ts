/**
 * @file Several runs exported as files: `data/runs.json`, `data/theory.json`, `data/sweeps.json`, and of each run in
 * `data/runs/ID/` what the server would answer: `run.json`, `metrics.safetensors` (NAME and NAME.step, float64), `probes.json`,
 * `report.json`, `facts.json`, `model.onnx`, `samples.png`.
 */

import { readFacts } from "../../src/graph/index.ts";
import type { Report } from "../../src/measure/report-schema.ts";
import type { ProbeRow, RunDetail, RunRow, SweepRow, TheoryRow } from "../../src/studio/shapes.ts";
import { binned, type Points } from "./binned.ts";
import { get } from "./get.ts";
import { readColumns } from "./safetensors.ts";
import type { Studio } from "./source.ts";

const json = async <T>(path: string): Promise<T> => (await (await get(path)).json()) as T;
const of = (id: string, file: string): string => `data/runs/${encodeURIComponent(id)}/${file}`;

/** Each file is read once. */
const kept = new Map<string, Promise<Map<string, Points>>>();

async function read(path: string): Promise<Map<string, Points>> {
  const { columns } = readColumns(await (await get(path)).arrayBuffer(), path);
  const names = Object.keys(columns).filter((name) => columns[`${name}.step`] !== undefined);
  return new Map(names.map((name) => [name, { step: columns[`${name}.step`]!, value: columns[name]! }]));
}

function pointsOf(id: string): Promise<Map<string, Points>> {
  const path = of(id, "metrics.safetensors");
  const points = kept.get(path) ?? read(path);
  kept.set(path, points);
  return points;
}

export const files: Studio = {
  runs: () => json<RunRow[]>("data/runs.json"),
  run: (id) => json<RunDetail>(of(id, "run.json")),
  metrics: async (id, wanted) => binned(await pointsOf(id), wanted),
  probes: async (id) => (await json<{ rows: ProbeRow[] }>(of(id, "probes.json"))).rows,
  report: (id) => json<Report>(of(id, "report.json")),
  theory: () => json<TheoryRow[]>("data/theory.json"),
  sweeps: () => json<SweepRow[]>("data/sweeps.json"),
  network: (id) => ({
    facts: async () => readFacts(await (await get(of(id, "facts.json"))).text()),
    model: async () => new Uint8Array(await (await get(of(id, "model.onnx"))).arrayBuffer()),
    samples: async () => (await get(of(id, "samples.png"))).blob(),
  }),
};
