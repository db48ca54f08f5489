/** @file Exports as a page: what is in them, and what cannot be one. The page itself is tested in a browser, in test/page.test.ts. */

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quietly, tiny } from "../../../test/tiny.ts";
import { float, Interpreter, layersOf, type PageFacts, readOnnx, withIsta } from "../../graph/index.ts";
import { inspectRun } from "../../inspect/index.ts";
import { trainRun } from "../../method/index.ts";
import { imageInput, networkOf } from "../../method/network.ts";
import { createModel } from "../../model/index.ts";
import { random } from "../../tensor/index.ts";
import { parseSafetensors } from "../../tensor/safetensors.ts";
import { difference } from "../compare.ts";
import { exportModel } from "../index.ts";
import { graphOf } from "../network.ts";
import { embedded } from "./assets.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine page-"));
const at = (name: string): string => join(root, name);
const train = (name: string, settings: Record<string, unknown> = {}) =>
  trainRun(tiny({ "train.epochs": 1, ...settings }), quietly(at(name)));
const facts = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)) as PageFacts;

beforeAll(async () => {
  await train("run");
  await inspectRun(at("run"), { checkpoint: "best", samples: 8, split: "test" });
});
afterAll(() => rmSync(root, { recursive: true }));

test("a folder holds the page, the network, pictures of the test set, the report and the numbers of training", async () => {
  await exportModel(at("run"), { format: "page", samples: 5, output: at("page") });
  const files = readdirSync(at("page"), { recursive: true, encoding: "utf8" }).sort();
  expect(files).toEqual(
    [
      ...[".nojekyll", "app.css", "app.js", "worker.js", "index.html", "data", "data/metrics.safetensors"],
      ...["data/report.json", "data/run.json", "data/samples.png", "model", "model/model.onnx"],
    ].sort(),
  );
  const { samples, grid, classes, bands, ista, input } = facts(readFileSync(at("page/data/run.json")));
  expect(samples.map(({ index }) => index)).toEqual([0, 32, 64, 96, 128]);
  expect([grid, classes.length, input.centring, ista]).toEqual([
    [2, 2],
    10,
    "none",
    { eta: 0.1, lambda: 0.1 },
  ]);
  expect(bands).toMatchObject({ samples: 8, layers: [{ nonZero: { mean: expect.any(Number) } }] });
  expect(await sharp(at("page/data/samples.png")).metadata()).toMatchObject({ width: 5 * 8, height: 8 });
  expect(readFileSync(at("page/index.html"), "utf8")).not.toMatch(/https?:|src="\/|href="\//);
  const metrics = parseSafetensors(readFileSync(at("page/data/metrics.safetensors")));
  const { dtype, bytes } = metrics.entries.get("train/loss.step")!;
  expect([dtype, ...new Float64Array(new Uint8Array(bytes).buffer)]).toEqual([
    "float64",
    ...[...Array(10).keys()].map((i) => i + 1),
  ]);
});

test("one file holds all of it, and its policy lets run what is in it alone", async () => {
  const { precision, files } = await exportModel(at("run"), { format: "html", output: at("look.html") });
  expect(precision).toBe("fp16");
  const html = readFileSync(at("look.html"), "utf8");
  expect(files).toEqual([{ path: at("look.html"), bytes: html.length }]);
  expect(layersOf(readOnnx(embedded(html, "model"))).map(({ path }) => path)).toEqual(["block.0"]);
  expect(facts(embedded(html, "run")).samples).toHaveLength(24);
  const hashes = [...html.matchAll(/<(script type="module"|style)>(.*?)<\/(?:script|style)>/gs)].map(
    ([, , text]) => createHash("sha256").update(text!).digest("base64"),
  );
  expect(hashes).toHaveLength(2);
  for (const hash of hashes) expect(html).toContain(`'sha256-${hash}'`);
  expect(html).toContain("default-src 'none'");
  expect(html.match(/[\w-]*unsafe[\w-]*/g)).toEqual(["wasm-unsafe-eval"]);
});

test("names are text in the page", async () => {
  const name = `"><script>alert(1)<`;
  cpSync(at("run"), at(name), { recursive: true });
  await exportModel(at(name), { format: "html", output: at("named.html") });
  expect(readFileSync(at("named.html"), "utf8")).not.toContain("<script>alert");
  expect(facts(embedded(readFileSync(at("named.html"), "utf8"), "run")).name).toBe(name);
});

test("what is no page is refused, and nothing is left behind", async () => {
  await trainRun(tiny({ "model.dim": 1152 }), quietly(at("wide"), { maxSteps: 1 }));
  const refused = async (run: string, format: "page" | "html", why: RegExp) => {
    const before = readdirSync(root).sort();
    await expect(exportModel(at(run), { format, output: at("no") })).rejects.toThrow(why);
    expect(readdirSync(root).sort()).toEqual(before);
  };
  await refused(
    "wide",
    "html",
    /wide: the model takes \d\.\d MiB; one file holds at most 2 MiB: choose --format page/,
  );
  cpSync(at("run"), at("empty"), { recursive: true });
  rmSync(at("empty/checkpoints"), { recursive: true });
  await refused("empty", "page", /no best checkpoint in .*empty/);
  await refused("nothing", "html", /nothing there/);
  expect(existsSync(at("no"))).toBe(false);
});

test("a report of another checkpoint gives no bands, and the page says so", async () => {
  cpSync(at("run"), at("later"), { recursive: true });
  const path = at("later/report.json");
  const report = readFileSync(path, "utf8").replace(
    /"checkpoint": \{\s*"name": "[^"]*"/,
    '"checkpoint": {"name": "step-9"',
  );
  writeFileSync(path, report);
  await exportModel(at("later"), { format: "html", output: at("later.html") });
  const { bands, noBands } = facts(embedded(readFileSync(at("later.html"), "utf8"), "run"));
  expect([bands, noBands]).toEqual([undefined, "No bands: report.json measured step-9."]);
});

test("other η and λ in a graph are what a network has that was built with them", () => {
  const sizes = { imageSize: 8, patch: 4, channels: 1, dim: 16, depth: 2, heads: 2, classes: 3 };
  const graphWith = (ista: { eta: number; lambda: number }) => {
    const model = createModel("crate", { ...sizes, ...ista }, random(1), "classifier").eval();
    const input = imageInput(8, 1, { mean: [0], std: [1] });
    using network = networkOf("crate", model, [input], (X) => ({ logits: model.apply(X!) }));
    return graphOf(network).graph;
  };
  const [trained, other] = [
    { eta: 0.1, lambda: 0.5 },
    { eta: 0.25, lambda: 0.02 },
  ];
  const changed = withIsta(graphWith(trained), trained, other)!;
  const image = float(
    [1, 1, 8, 8],
    Float32Array.from({ length: 64 }, (_, i) => Math.sin(i)),
  );
  const [made, expected] = [changed, graphWith(other)].map((graph) => new Interpreter(graph).run({ image }));
  for (const [name, value] of Object.entries(expected!))
    expect(difference(name, made![name], value).relative, name).toBeLessThan(1e-5);
  const vit = withIsta({ ...changed, nodes: [] }, trained, other);
  expect(vit).toBeUndefined();
});
