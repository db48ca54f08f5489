/** @file What the studio answers of runs: lists, numbers, streams, events; through half lines, resumes, removals. */

import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quietly, tiny } from "../../test/tiny.ts";
import { inspectRun } from "../inspect/index.ts";
import { trainRun } from "../method/index.ts";
import { parseSafetensors } from "../tensor/safetensors.ts";
import { lockRun } from "../train/run-lock.ts";
import { open } from "./fixture.ts";
import type { RunDetail, RunEvent, RunRow, TailEvent, TheoryRow } from "./shapes.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine studio-"));
const at = (...names: string[]) => join(root, ...names);

let studio: Awaited<ReturnType<typeof open>>;
const id = async (name: string): Promise<string> =>
  (await studio.ask("/api/runs")).json<RunRow[]>().find((run) => run.name === name)!.id;

beforeAll(async () => {
  await trainRun(tiny(), quietly(at("trained")));
  await inspectRun(at("trained"), { checkpoint: "best", samples: 8, split: "test" });
  cpSync(at("trained"), at("group", "copy"), { recursive: true });
  writeFileSync(at("not a run"), "x");
  studio = await open({ root });
});
afterAll(async () => {
  await studio.studio.close();
  rmSync(root, { recursive: true });
});

/** Columns of an answer, and what it says of them. */
function columnsOf(bytes: Uint8Array) {
  const { entries, metadata } = parseSafetensors(bytes);
  const columns = [...entries].map(([name, { dtype, bytes }]) => {
    const own = new Uint8Array(bytes).buffer;
    return [name, [...(dtype === "float64" ? new Float64Array(own) : new Float32Array(own))]] as const;
  });
  return { columns: Object.fromEntries(columns), ...Object.fromEntries(metadata) } as Record<string, unknown> & { columns: Record<string, number[]> }; // biome-ignore format: short
}

test("runs are listed with their results, in groups too; a list that is known is not sent again", async () => {
  const { headers, json } = await studio.ask("/api/runs");
  expect(
    json<RunRow[]>()
      .map(({ name }) => name)
      .sort(),
  ).toEqual(["group/copy", "trained"]);
  expect(json<RunRow[]>()[0]).toMatchObject({ method: "supervised", model: "crate", data: "synthetic", step: 20, running: false, result: expect.stringContaining("test accuracy") }); // biome-ignore format: short
  const again = await studio.ask("/api/runs", { headers: { "if-none-match": String(headers.etag) } });
  expect([again.status, again.bytes.length]).toEqual([304, 0]);
});

test("one run: its recipe, checkpoints, names of numbers, scores, and what there is besides", async () => {
  const detail = (await studio.ask(`/api/runs/${await id("trained")}`)).json<RunDetail>();
  expect(detail).toMatchObject({
    seed: 42,
    hasReport: true,
    hasProbes: true,
    metricsExact: true,
    pages: ["segments"],
  });
  expect(detail.noModel).toBeUndefined();
  expect(detail.checkpoints.map(({ step, isLast }) => [step, isLast])).toEqual([[10, false], [20, true]]); // biome-ignore format: short
  expect(detail.metrics).toMatchObject({ "train/loss": 20, "eval/top1": 2 });
  expect(Object.keys(detail.scores).sort()).toEqual(["eval/loss", "eval/top1", "eval/top5"]);
  expect(detail.yaml).toContain("imageSize: 8");
  const probes = (await studio.ask(`/api/runs/${detail.id}/probes`)).json<{ rows: { step: number }[] }>();
  expect(probes.rows.map(({ step }) => step)).toEqual([10, 20]);
  expect((await studio.ask(`/api/runs/${detail.id}/report`)).json()).toMatchObject({ samples: 8 });
  const figures = (await studio.ask(`/api/runs/${detail.id}/figures`)).json<string[]>();
  const figure = await studio.ask(`/api/runs/${detail.id}/figures/${figures[0]}`);
  expect([figure.status, figure.headers["content-type"]]).toEqual([200, "image/svg+xml"]);
  expect(String(figure.headers["content-security-policy"])).toContain("sandbox");
});

test("numbers come as least, largest and last of every pixel; few as they are", async () => {
  const run = await id("trained");
  const all = columnsOf((await studio.ask(`/api/runs/${run}/metrics?names=train/loss,eval/top1,none`)).bytes);
  expect(all.columns.step).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  expect(Object.keys(all.columns).sort()).toEqual(["eval/top1.last", "eval/top1.max", "eval/top1.min", "step", "train/loss.last", "train/loss.max", "train/loss.min"]); // biome-ignore format: short
  expect(all).toMatchObject({ exact: "true", damaged: "0" });
  const { columns } = columnsOf(
    (await studio.ask(`/api/runs/${run}/metrics?names=train/loss&px=4&from=1&to=20`)).bytes,
  );
  const loss = all.columns["train/loss.last"]!;
  expect(columns.step!.at(-1)).toBe(20);
  expect(columns["train/loss.max"]!.length).toBe(4);
  expect(Math.max(...columns["train/loss.max"]!)).toBe(Math.max(...loss));
  expect(Math.min(...columns["train/loss.min"]!)).toBe(Math.min(...loss));
  expect((await studio.ask(`/api/runs/${run}/metrics?px=many`)).status).toBe(400);
});

test("NaN is in the last value, infinity in the largest; a damaged line is counted", async () => {
  const file = at("group", "copy", "metrics.jsonl");
  appendFileSync(
    file,
    `{"step":21,"train/loss":"NaN"}\n{"step":22,"train/loss":"Infinity"}\nno record\n{"step":23,"half`,
  );
  const answer = columnsOf((await studio.ask(`/api/runs/${await id("group/copy")}/metrics?names=train/loss&from=21`)).bytes); // biome-ignore format: short
  expect(answer.columns).toEqual({
    step: [21, 22],
    "train/loss.min": [Number.NaN, Infinity],
    "train/loss.max": [Number.NaN, Infinity],
    "train/loss.last": [Number.NaN, Infinity],
  });
  expect(answer.damaged).toBe("1");
});

/** Events of a stream, as a browser reads them, until `enough` says so or it ends. */
async function listen<E>(
  path: string,
  enough: (events: readonly E[]) => boolean,
  meanwhile = async () => {},
  headers: Record<string, string> = {},
) {
  // biome-ignore format: short
  const stop = new AbortController();
  const { port } = studio.studio;
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: stop.signal, headers });
  const events: E[] = [];
  let [text, last] = ["", ""];
  const done = meanwhile();
  try {
    for await (const bytes of response.body!) {
      text += Buffer.from(bytes).toString();
      const blocks = text.split("\n\n");
      text = blocks.pop()!;
      for (const block of blocks) {
        last = /^id: (.*)$/m.exec(block)?.[1] ?? last;
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (data !== undefined) events.push(JSON.parse(data) as E);
      }
      if (enough(events)) break;
    }
  } finally {
    stop.abort();
    await done;
  }
  return { events, last: Number(last) };
}

const rowsOf = (events: readonly TailEvent[]) =>
  events.flatMap((event) => (event.type === "rows" ? event.rows : []));
const write = (run: string, text: string) => appendFileSync(at(run, "metrics.jsonl"), text);

test("a tail tells what is written, half lines once they are whole, and where it goes on", async () => {
  cpSync(at("trained"), at("live"), { recursive: true });
  writeFileSync(at("live", "metrics.jsonl"), `{"step":1,"a":1}\n`);
  using lock = lockRun(at("live"));
  const path = `/api/runs/${await id("live")}/tail`;
  const pause = () => new Promise((done) => setTimeout(done, 250));
  const first = await listen<TailEvent>(`${path}?from=0`, (events) => rowsOf(events).length === 3, async () => {
    await pause();
    write("live", `{"step":2,"a":2}\n{"step":3,`);
    await pause();
    write("live", `"a":3}\n`);
  }); // biome-ignore format: short
  expect(rowsOf(first.events).map(({ step }) => step)).toEqual([1, 2, 3]);
  expect(first.last).toBe(3 * 17);
  write("live", `{"step":4,"a":4}\n`);
  // the browser comes back with what it had, whatever the address says
  const again = await listen<TailEvent>(`${path}?from=0`, (events) => events.length === 1, undefined, { "last-event-id": `${first.last}` }); // biome-ignore format: short
  expect(rowsOf(again.events).map(({ step }) => step)).toEqual([4]);
  const cut = await listen<TailEvent>(`${path}?from=${4 * 17}`, (events) => events.length === 1, async () => {
    await pause();
    truncateSync(at("live", "metrics.jsonl"), 17);
  }); // biome-ignore format: short
  expect(cut.events).toEqual([{ type: "truncated" }]);
  // not where a line begins: the file was written anew meanwhile
  expect((await listen<TailEvent>(`${path}?from=5`, () => false)).events).toEqual([{ type: "truncated" }]);
  const ended = await listen<TailEvent>(`${path}?from=17`, () => false, async () => {
    await pause();
    lock.release();
  }); // biome-ignore format: short
  expect(ended.events).toEqual([{ type: "ended", why: "finished" }]);
  using _ = lockRun(at("live"));
  const gone = await listen<TailEvent>(`${path}?from=17`, () => false, async () => {
    await pause();
    renameSync(at("live"), join(root, ".away"));
  }); // biome-ignore format: short
  expect(gone.events).toEqual([{ type: "ended", why: "gone" }]);
  renameSync(join(root, ".away"), at("live"));
});

test("runs that come, change and go are told to all that listen", async () => {
  const { events } = await listen<RunEvent>("/api/events", (events) => events.some(({ type }) => type === "gone"), async () => {
    const pause = () => new Promise((done) => setTimeout(done, 1500));
    await pause();
    cpSync(at("trained"), at("new"), { recursive: true });
    await pause();
    write("new", `{"step":21,"a":1}\n`);
    await pause();
    rmSync(at("new"), { recursive: true });
  }); // biome-ignore format: short
  const told = events.filter((event) => event.type === "gone" || event.run.name === "new");
  expect(told.map(({ type }) => type)).toEqual(["added", "changed", "gone"]);
});

test("the claims are there without a report", async () => {
  const rows = (await studio.ask("/api/theory")).json<TheoryRow[]>();
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.find(({ name }) => name === "attention-step")).toMatchObject({ ofLayers: "compression" });
  expect(rows.every(({ passed, figure }) => passed === undefined && figure === undefined)).toBe(true);
});
