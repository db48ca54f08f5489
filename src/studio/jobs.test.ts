/** @file What libtorch is asked in a process of its own: answers as the library's, refusals, aborts, crashes, its end. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quietly, tiny } from "../../test/tiny.ts";
import { type PageFacts, readOnnx } from "../graph/index.ts";
import { generateText, loadRun, resolveRecipe, trainRun } from "../method/index.ts";
import { noGrad, random, scope } from "../tensor/index.ts";
import { open } from "./fixture.ts";
import { fromNumbers, toNumbers } from "./jobs/pixels.ts";
import type { ForwardAnswer, MaskAnswer, MembershipsAnswer, RunRow, SamplesAnswer, SegmentsAnswer, TextAnswer, TraverseAnswer } from "./shapes.ts"; // biome-ignore format: short

const root = mkdtempSync(join(tmpdir(), "vitrine jobs-"));
const at = (name: string): string => join(root, name);
const run = { device: "cpu", threads: 1, logInterval: 1 };
const tokens = { dim: 16, depth: 2, heads: 2, patch: 4, imageSize: 8 };
const synthetic = { name: "synthetic" };
const loop = { name: "ctrl_mnist", width: 4, features: 8 };

const OTHERS = {
  mae: {
    model: { name: "crate_mae", ...tokens, patch: 2 },
    data: synthetic,
    train: { ...run, epochs: 1, batchSize: 160, lr: 0.01 },
  },
  ctrl: {
    model: loop,
    data: synthetic,
    method: { components: 3 },
    train: { ...run, steps: 2, batchSize: 40, lr: 1e-3 },
  },
  cpp: {
    model: { hidden: 8, features: 4 },
    data: { name: "manifolds", classes: 3, perClass: 20, dim: 4 },
    method: { clusters: 3, warmup: 1, points: 30, repeats: 1, counts: [2, 3] },
    train: { ...run, epochs: 1, batchSize: 30, lr: 0.01 },
  },
  redunet: {
    model: { layers: 4 },
    data: { name: "gaussian2d", perClass: 20 },
    method: { components: 1, shifts: 0 },
    train: { device: "cpu", threads: 1 },
  },
  language: {
    model: { name: "crate_gpt", dim: 16, depth: 1, heads: 2, context: 8 },
    data: { name: `text:${at("words.txt")}` },
    train: { ...run, steps: 4, batchSize: 4, lr: 0.01 },
  },
};

let studio: Awaited<ReturnType<typeof open>>;
const ids: Record<string, string> = {};
beforeAll(async () => {
  writeFileSync(at("words.txt"), "a few words of a text\n".repeat(20));
  await trainRun(tiny({ "model.depth": 2, "train.epochs": 1 }), quietly(at("supervised")));
  for (const [name, settings] of Object.entries(OTHERS)) {
    const values = { name, ...settings, method: { name, ...("method" in settings && settings.method) } };
    await trainRun(resolveRecipe([{ origin: "test", values }]).recipe, quietly(at(name)));
  }
  studio = await open({ root, libtorch: { idle: 300 } });
  for (const { id, name } of (await studio.ask("/api/runs")).json<RunRow[]>()) ids[name] = id;
});
afterAll(async () => {
  await studio.studio.close();
  for (const folder of [root, `${root}.cache`]) rmSync(folder, { recursive: true });
});

/** An answer of a run's job. */
async function asked<T>(name: string, job: string, body: object = {}): Promise<T> {
  const answer = await studio.put(`/api/runs/${ids[name]}/ask/${job}`, { checkpoint: "last", ...body });
  expect([answer.status, answer.status === 200 ? "" : answer.bytes.toString()]).toEqual([200, ""]);
  return answer.json<T>();
}

test("the traced network, what the page has to know, pictures; from the cache the second time", async () => {
  const of = `/api/runs/${ids.supervised}`;
  const facts = (await studio.ask(`${of}/facts`)).json<PageFacts>();
  expect(facts).toMatchObject({
    kind: "page",
    data: "synthetic",
    grid: [2, 2],
    ista: { eta: 0.1, lambda: 0.1 },
  });
  expect(facts.samples).toHaveLength(24);
  const onnx = await studio.ask(`${of}/onnx?checkpoint=step-00000010`);
  expect(readOnnx(onnx.bytes).outputs[0]!.name).toBe("logits");
  expect((await studio.ask(`${of}/samples.png`)).bytes.toString("latin1", 1, 4)).toBe("PNG");
  const refused = await studio.ask(`/api/runs/${ids.mae}/facts`);
  expect([refused.status, refused.json<{ error: string }>().error]).toEqual([422, expect.stringContaining("crate_mae is none")]); // biome-ignore format: short
  const { items, total, classes } = (
    await studio.ask(`${of}/samples?split=test&from=158&count=5`)
  ).json<SamplesAnswer>();
  expect([total, classes.length, items.map(({ index }) => index)]).toEqual([160, 10, [158, 159]]);
  expect(items[0]!.pixels).toMatchObject({ width: 8, height: 8, channels: 3 });
});

test("a forward pass is libtorch's own; a head whose attention is 0 changes what follows", async () => {
  const { model } = loadRun(at("supervised"), "last");
  using own = model;
  using X = random(3).normal([1, 3, 8, 8]);
  const expected = noGrad(() => scope(() => own.eval().apply(X).numbers()));
  const body = { inputs: { image: scope(() => toNumbers(X)) }, wants: ["logits", "block.0.mssa.attention"] };
  const numbers = ({ values }: ForwardAnswer, name: string) =>
    scope(() => fromNumbers(values[name]!, name).numbers());
  const whole = await asked<ForwardAnswer>("supervised", "forward", body);
  numbers(whole, "logits").forEach((value, i) => void expect(value).toBeCloseTo(expected[i]!, 5));
  const without = await asked<ForwardAnswer>("supervised", "forward", { ...body, without: { "block.0.mssa.attention": [1] } }); // biome-ignore format: short
  expect(numbers(without, "logits")).not.toEqual(numbers(whole, "logits"));
  expect(without.values["block.0.mssa.attention"]).toEqual(whole.values["block.0.mssa.attention"]); // as it was
});

test("masks: what is painted is removed, the rest stays", async () => {
  const mask = Array.from({ length: 16 }, (_, i) => (i < 4 ? 1 : 0));
  const found = await asked<MaskAnswer>("mae", "mask", { split: "test", index: 2, mask });
  expect(found).toMatchObject({ grid: [4, 4], mask, maskRatio: 0.75 });
  expect(found.errors.slice(4).every((error) => error < 1e-10)).toBe(true);
  expect(found.error).toBeCloseTo(found.errors.slice(0, 4).reduce((sum, error) => sum + error, 0) / 4, 5);
  const random = await asked<MaskAnswer>("mae", "mask", { split: "test", index: 2 });
  expect(random.mask.filter((removed) => removed === 1)).toHaveLength(12);
});

test("closed loops, clusters, layers that are built, texts, segments", async () => {
  const made = await asked<TraverseAnswer>("ctrl", "traverse", {
    kind: "transcribe",
    steps: 2,
    from: 0,
    count: 3,
  });
  expect([made.rows.length, made.rows[0]!.pictures.length, made.errors!.length]).toEqual([2, 3, 3]);
  const walked = await asked<TraverseAnswer>("ctrl", "traverse", { kind: "traverse", steps: 3, class: 1, start: 0, components: 2, reach: 1 }); // biome-ignore format: short
  expect([walked.rows.length, walked.t]).toEqual([2, [-1, 0, 1]]);
  expect(walked.shares![0]).toBeGreaterThan(walked.shares![1]!);
  const between = await asked<TraverseAnswer>("ctrl", "traverse", {
    kind: "interpolate",
    steps: 4,
    a: 0,
    b: 0,
  });
  expect([between.rows[0]!.pictures.length, between.cosine]).toEqual([4, expect.closeTo(1, 5)]);
  const clusters = await asked<MembershipsAnswer>("cpp", "memberships", { points: 12 });
  expect(clusters.memberships.dims).toEqual([12, 12]);
  expect(clusters.points.map(({ cluster }) => cluster)).toEqual(
    clusters.points.map(({ cluster }) => cluster).sort(),
  );
  expect(clusters.codingLength.map(({ clusters }) => clusters)).toEqual([2, 3]);
  const built = await asked<{ layers: unknown[]; labels: number[] }>("redunet", "construct", {
    layer: 4,
    samples: 10,
  });
  expect([built.layers.length, built.labels.length]).toEqual([4, 10]);
  const text = await asked<TextAnswer>("language", "text", { text: "a few words of", top: 3 });
  expect(text).toMatchObject({ leftOut: 6, context: 8, causal: true, tokens: [..."words of"] });
  const options = { prompt: "a few words of", tokens: 1, temperature: 0, seed: 1, checkpoint: "last" };
  expect(text.next.at(-1)![0]!.token).toBe(generateText(at("language"), options).at(-1));
  expect(text.layers[0]!.attention.dims).toEqual([2, 8, 8]);
  const segments = await asked<SegmentsAnswer>("supervised", "segments", { split: "test", index: 1, method: "attention", layer: 2, share: 0.6, tau: 0.2 }); // biome-ignore format: short
  expect([segments.grid, segments.masks.length, segments.attention!.dims]).toEqual([[2, 2], 2, [2, 4]]);
});

test("what cannot be asked is said in a sentence", async () => {
  const error = async (name: string, job: string, body: object) => {
    const answer = await studio.put(`/api/runs/${ids[name]}/ask/${job}`, { checkpoint: "last", ...body });
    return [answer.status, answer.json<{ error: string }>().error] as const;
  };
  expect(await error("mae", "mask", { split: "test", index: 2, mask: [1, 1] })).toEqual([422, expect.stringContaining("expected 16 numbers")]); // biome-ignore format: short
  expect(await error("mae", "mask", { split: "test", index: 9999 })).toEqual([422, expect.stringContaining("expected 0 to 159")]); // biome-ignore format: short
  expect(await error("supervised", "mask", { split: "test", index: 2 })).toEqual([422, expect.stringContaining("expects a run of mae")]); // biome-ignore format: short
  expect(await error("mae", "mask", { split: "other" })).toEqual([422, expect.stringContaining("split")]);
  expect(await error("mae", "network", {})).toEqual([404, expect.stringContaining("expected forward, mask")]);
  const small = { inputs: { image: { dims: [1, 1], data: "AAAAAA==" } }, wants: ["logits"] };
  expect(await error("supervised", "forward", small)).toEqual([
    422,
    expect.stringContaining("expected [1, 3, 8, 8]"),
  ]);
  expect(await error("language", "text", { text: "☃", top: 3 })).toEqual([422, expect.stringContaining("☃")]);
});

test("an asker who goes ends the work, a crash is a message, and what is idle ends", async () => {
  const body = JSON.stringify({ checkpoint: "last", text: "a few", top: 3 });
  const path = `http://127.0.0.1:${studio.studio.port}/api/runs/${ids.language}/ask/text`;
  const given = {
    method: "POST",
    headers: { "content-type": "application/json", cookie: studio.cookie },
    body,
  };
  const ended = () => expect.poll(() => studio.studio.child(), { timeout: 5000 }).toBeUndefined();
  await ended(); // to start it takes longer than what follows
  const abort = new AbortController();
  const gone = fetch(path, { ...given, signal: abort.signal });
  const other = asked<TextAnswer>("language", "text", { text: "a few", top: 3 }); // waits behind it
  setTimeout(() => abort.abort(), 100);
  await expect(gone).rejects.toThrow();
  expect((await other).tokens).toHaveLength(5);
  await ended();
  const crashed = fetch(path, given);
  await new Promise((done) => setTimeout(done, 1));
  while (studio.studio.child() === undefined) await new Promise((done) => setTimeout(done, 5));
  process.kill(studio.studio.child()!, "SIGKILL");
  const answer = await crashed;
  expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([
    502,
    expect.stringContaining("the studio goes on"),
  ]);
  expect((await asked<TextAnswer>("language", "text", { text: "a", top: 3 })).tokens).toEqual(["a"]);
  await ended();
});
