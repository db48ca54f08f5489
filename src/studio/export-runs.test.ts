/** @file Several runs as files: what the page reads of each, why a network is not shown, what is refused. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quietly, tiny } from "../../test/tiny.ts";
import { type PageFacts, readOnnx } from "../graph/index.ts";
import { resolveRecipe, trainRun } from "../method/index.ts";
import { parseSafetensors } from "../tensor/safetensors.ts";
import { exportRuns } from "./export-runs.ts";
import type { RunDetail, RunRow, SweepRow } from "./shapes.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine site-"));
const at = (...names: string[]) => join(root, ...names);
const read = <T>(...names: string[]): T =>
  JSON.parse(readFileSync(at("site", "data", ...names), "utf8")) as T;

beforeAll(async () => {
  await trainRun(tiny({ "train.epochs": 1 }), quietly(at("crate")));
  const values = {
    ...{ name: "mae", model: { name: "crate_mae", dim: 16, depth: 1, heads: 2, patch: 2, imageSize: 8 } },
    ...{ data: { name: "synthetic", dir: root }, method: { name: "mae" } },
    train: { device: "cpu", threads: 1, epochs: 1, batchSize: 160, lr: 0.01 },
  };
  await trainRun(resolveRecipe([{ origin: "test", values }]).recipe, quietly(at("mae")));
  const run = (name: string, seed: number) => ({
    run: name,
    seed,
    state: "done",
    validation: 20 + 20 * seed,
  });
  const settings = [{ name: "recipe", values: {}, runs: [run("crate", 0), run("elsewhere", 1)] }];
  const about = { format: "vitrine-sweep", version: 1, recipe: { name: "tiny" }, budget: {} };
  writeFileSync(at("sweep.json"), JSON.stringify({ ...about, settings }));
});
afterAll(() => rmSync(root, { recursive: true }));

test("files answer what the server would, and say why a network is not among them", async () => {
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  const { runs } = await exportRuns([at("crate"), at("mae")], { output: at("site"), samples: 4, say });
  expect(said).toEqual([expect.stringMatching(/^mae: its curves and layers are shown, not its network: .*crate_mae is none/)]); // biome-ignore format: short
  expect(read<RunRow[]>("runs.json")).toEqual(JSON.parse(JSON.stringify(runs)));
  expect(read<unknown[]>("theory.json").length).toBeGreaterThan(30);
  // the whole table of a sweep, of which one run is here
  expect(read<SweepRow[]>("sweeps.json")).toMatchObject([
    {
      name: basename(root),
      settings: [{ words: "the recipe", validation: { mean: 30, deviation: expect.any(Number) } }],
    },
  ]);
  expect(read<SweepRow[]>("sweeps.json")[0]!.settings[0]!.runs[0]!.id).toBe(
    runs.find(({ name }) => name === "crate")!.id,
  );
  const id = (name: string) => runs.find((run) => run.name === name)!.id;
  const files = (name: string) => readdirSync(at("site", "data", "runs", id(name))).sort();
  expect(files("crate")).toEqual(["facts.json", "metrics.safetensors", "model.onnx", "probes.json", "run.json", "samples.png"]); // biome-ignore format: short
  expect(files("mae")).toEqual(["metrics.safetensors", "probes.json", "run.json"]);
  expect(read<PageFacts>("runs", id("crate"), "facts.json").samples).toHaveLength(4);
  const published = JSON.stringify(read("runs", id("mae"), "run.json"));
  expect([published.includes("synthetic"), published.includes(root)]).toEqual([true, false]); // where its data lay
  expect(read<RunDetail>("runs", id("mae"), "run.json")).toMatchObject({ pages: [], noModel: expect.stringContaining("is none"), running: false }); // biome-ignore format: short
  expect(read<{ rows: unknown[] }>("runs", id("crate"), "probes.json").rows).toHaveLength(1);
  const { entries } = parseSafetensors(
    readFileSync(at("site", "data", "runs", id("crate"), "metrics.safetensors")),
  );
  expect([entries.get("train/loss")!.shape, entries.get("train/loss.step")!.dtype]).toEqual([
    [10],
    "float64",
  ]);
  expect(readOnnx(readFileSync(at("site", "data", "runs", id("crate"), "model.onnx"))).outputs[0]!.name).toBe("logits"); // biome-ignore format: short
  const html = readFileSync(at("site", "index.html"), "utf8");
  expect(html).toContain('<div id="app" data-host="files">');
  expect(html).not.toMatch(/https?:|src="\/|href="\//);
});

test("what is no run, a run twice and a folder that is there are refused", async () => {
  const refused = (paths: string[], output = at("other")) => expect(exportRuns(paths, { output })).rejects;
  await refused([at("crate"), at("nothing")]).toThrow("expected a run folder");
  await refused([at("crate"), at("crate")]).toThrow("crate: given twice");
  await refused([at("crate"), at("mae")], at("site")).toThrow("expected a new folder");
  expect(readdirSync(root).sort()).toEqual(["crate", "mae", "site", "sweep.json"]);
});
