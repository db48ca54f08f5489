/** @file The studio's server: addresses of its API, and its streams of events. */

import { readFacts } from "../../src/graph/index.ts";
import type { Report } from "../../src/measure/report-schema.ts";
import type {
  JobName,
  Jobs,
  MetricsColumns,
  ProbeRow,
  RunDetail,
  RunEvent,
  RunRow,
  SamplesAnswer,
  SweepRow,
  TailEvent,
  TheoryRow,
} from "../../src/studio/shapes.ts";
import { get } from "./get.ts";
import { readColumns } from "./safetensors.ts";
import type { Studio, Wanted } from "./source.ts";
import { listen } from "./stream.ts";

const json = async <T>(path: string): Promise<T> => (await (await get(path)).json()) as T;
const of = (id: string, what = ""): string => `api/runs/${encodeURIComponent(id)}${what}`;
const at = (checkpoint?: string) => (checkpoint ? `?checkpoint=${encodeURIComponent(checkpoint)}` : "");

async function post<N extends JobName>(
  path: string,
  asked: Jobs[N][0],
  signal: AbortSignal,
): Promise<Jobs[N][1]> {
  const init = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(asked),
  };
  return (await (await get(path, { ...init, signal })).json()) as Jobs[N][1];
}

async function metrics(id: string, { names, from, to, px }: Wanted): Promise<MetricsColumns> {
  const query = new URLSearchParams({ px: String(px) });
  if (names.length > 0) query.set("names", names.join(","));
  if (from !== undefined) query.set("from", String(from));
  if (to !== undefined) query.set("to", String(to));
  const path = of(id, `/metrics?${query}`);
  const { metadata, columns } = readColumns(await (await get(path)).arrayBuffer(), path);
  const part = (name: string) => columns[name] as Float32Array;
  const found = Object.keys(columns).flatMap((key) => /^(.*)\.last$/s.exec(key)?.[1] ?? []);
  return {
    step: columns.step as Float64Array,
    columns: Object.fromEntries(
      found.map((name) => [
        name,
        { min: part(`${name}.min`), max: part(`${name}.max`), last: part(`${name}.last`) },
      ]),
    ),
    offset: Number(metadata.offset ?? 0),
    rows: Number(metadata.rows ?? 0),
    exact: metadata.exact !== "false",
  };
}

export const server: Studio = {
  runs: () => json<RunRow[]>("api/runs"),
  run: (id) => json<RunDetail>(of(id)),
  metrics,
  probes: async (id) => (await json<{ rows: ProbeRow[] }>(of(id, "/probes"))).rows,
  report: (id) => json<Report>(of(id, "/report")),
  theory: () => json<TheoryRow[]>("api/theory"),
  sweeps: () => json<SweepRow[]>("api/sweeps"),
  network: (id, checkpoint) => ({
    facts: async () => readFacts(await (await get(of(id, `/facts${at(checkpoint)}`))).text()),
    model: async () => new Uint8Array(await (await get(of(id, `/onnx${at(checkpoint)}`))).arrayBuffer()),
    samples: async () => (await get(of(id, `/samples.png${at(checkpoint)}`))).blob(),
  }),
  ask: (id, name, asked, signal) => post(of(id, `/ask/${name}`), asked, signal),
  pictures: (id, split, from, count) =>
    json<SamplesAnswer>(
      of(id, `/samples?${new URLSearchParams({ split, from: `${from}`, count: `${count}` })}`),
    ),
  tail(id, from, on, isUp) {
    const take = (data: unknown) => {
      const event = data as TailEvent;
      on(event);
      return event.type !== "rows";
    };
    return listen((last) => of(id, `/tail?from=${last || from}`), take, isUp);
  },
  events(on, isUp) {
    const take = (data: unknown) => {
      on(data as RunEvent);
      return false;
    };
    return listen(() => "api/events", take, isUp);
  },
};
