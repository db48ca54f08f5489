/** @file Exports of runs and files: each format is written, run, read back; what cannot be is refused and leaves nothing. */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quietly, tiny } from "../../test/tiny.ts";
import { fewWords, tinyRecipe } from "../../test/tiny-methods.ts";
import { Interpreter, readOnnx } from "../graph/index.ts";
import { openModel, trainRun } from "../method/index.ts";
import { createModel } from "../model/index.ts";
import { loadTensors, random, saveTensors, scope } from "../tensor/index.ts";
import { convertWeights } from "../train/weights/index.ts";
import { exportModel } from "./index.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine export-"));
const at = (name: string): string => join(root, name);
const run = at("first");
const json = (...path: string[]) =>
  JSON.parse(readFileSync(join(root, ...path), "utf8")) as Record<string, never>;

async function train(name: string, settings: Record<string, unknown> = {}): Promise<string> {
  mkdirSync(at(name));
  await trainRun(tiny({ "train.epochs": 1, ...settings }), quietly(at(name)));
  return at(name);
}

beforeAll(() => train("first", { "model.lambda": 0.3 }).then(() => {}));
afterAll(() => rmSync(root, { recursive: true }));

test("a run becomes a file of ONNX that says where it is from", async () => {
  const exported = await exportModel(run, { format: "onnx", output: at("first.onnx") });
  expect(exported.precision).toBe("fp32");
  expect(exported.engines).toEqual(["the interpreter", "onnxruntime"]);
  for (const { relative } of exported.differences) expect(relative).toBeLessThan(1e-5);
  const { metadata, outputs } = readOnnx(readFileSync(at("first.onnx")));
  expect(outputs[0]).toEqual({ name: "logits", type: "float32", dims: ["batch", 10] });
  expect(metadata.get("run")).toBe("first");
  expect(metadata.get("sha256")).toMatch(/^[0-9a-f]{64}$/);
  expect(JSON.parse(metadata.get("recipe")!)).toMatchObject({ method: { name: "supervised" } });
  expect(JSON.parse(metadata.get("normalisation")!)).toEqual({
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
  });
  expect(JSON.parse(metadata.get("classes")!)).toHaveLength(10);
  expect(JSON.parse(metadata.get("model")!)).toMatchObject({ name: "crate", heads: 2, lambda: 0.3 });
});

test("halves and bytes are smaller, and say by how much they differ", async () => {
  const sizes: number[] = [];
  for (const [precision, most] of [
    ["fp32", 1e-5],
    ["fp16", 5e-3],
    ["int8", 0.1],
  ] as const) {
    const { files, differences } = await exportModel(run, {
      format: "onnx",
      precision,
      output: at(`${precision}.onnx`),
    });
    sizes.push(files[0]!.bytes);
    const worst = differences.reduce((largest, { relative }) => Math.max(largest, relative), 0);
    expect(worst).toBeLessThan(most);
    if (precision !== "fp32") expect(worst).toBeGreaterThan(1e-6);
  }
  expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
  // ISTA's map is kept without the identity that it is near to
  const { constants } = readOnnx(readFileSync(at("int8.onnx")));
  const { data } = constants.get("block.0.ista/weight.scale")!;
  expect(data.every((scale) => scale < 0.5 / 127)).toBe(true);
});

test("a folder for the hub is read back: sizes, η, λ, normalisation, weights under the authors' names", async () => {
  await exportModel(run, { format: "hf", output: at("hub") });
  expect(readdirSync(at("hub")).sort()).toEqual([
    "README.md",
    "config.json",
    "model.safetensors",
    "onnx",
    "preprocessor_config.json",
  ]);
  expect(json("hub", "config.json")).toMatchObject({
    ...{ model_type: "crate", image_size: 8, patch_size: 4, hidden_size: 16, num_hidden_layers: 1 },
    ...{
      num_attention_heads: 2,
      head_dim: 8,
      step_size: 0.1,
      lambda: 0.3,
      id2label: { 0: expect.any(String) },
    },
  });
  const card = readFileSync(join(at("hub"), "README.md"), "utf8");
  expect(card).toMatch(/^---\nlibrary_name: vitrine\npipeline_tag: image-classification\n/);
  expect(card).toContain("ista.fn.step_size, ista.fn.lambd = 0.1, 0.3");
  scope(() => {
    const { tensors, metadata } = loadTensors(join(at("hub"), "model.safetensors"));
    expect(metadata.get("format")).toBe("pt");
    expect([...tensors.keys()]).toContain("transformer.layers.0.0.fn.qkv.weight");
  });
  const { model, normalise, notes } = openModel(at("hub"));
  expect(model.options).toMatchObject({ heads: 2, headDim: 8, lambda: 0.3, classes: 10 });
  expect(normalise).toEqual({ mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] });
  expect(notes).toEqual([expect.stringContaining("settings are of")]);
  model.dispose();
  expect(convertWeights(at("hub"), at("again.safetensors")).architecture).toMatchObject({
    family: "crate",
    classes: 10,
  });
  await exportModel(at("hub"), { format: "onnx", output: at("again.onnx") });
  const [first, again] = ["first.onnx", "again.onnx"].map(
    (name) => new Interpreter(readOnnx(readFileSync(at(name)))),
  );
  const image = { type: "float32", dims: [1, 3, 8, 8], data: new Float32Array(192).fill(0.5) } as const;
  expect(again!.run({ image }).logits).toEqual(first!.run({ image }).logits);
});

test("a ViT has timm's names and config", async () => {
  await exportModel(await train("vit", { "model.name": "vit" }), { format: "hf", output: at("timm") });
  expect(json("timm", "config.json")).toMatchObject({
    ...{ architecture: "vit_base_patch16_224", num_classes: 10, global_pool: "token" },
    model_args: { img_size: 8, patch_size: 4, in_chans: 3, embed_dim: 16, depth: 1, num_heads: 2 },
    pretrained_cfg: {
      input_size: [3, 8, 8],
      mean: [0.5, 0.5, 0.5],
      classifier: "head",
      first_conv: "patch_embed.proj",
    },
  });
  scope(() =>
    expect([...loadTensors(join(at("timm"), "model.safetensors")).tensors.keys()]).toEqual(
      expect.arrayContaining([
        "cls_token",
        "pos_embed",
        "patch_embed.proj.weight",
        "blocks.0.attn.qkv.weight",
        "norm.weight",
        "head.bias",
      ]),
    ),
  );
  const averaged = await train("mean", { "model.name": "vit", "model.pool": "mean" });
  await expect(exportModel(averaged, { format: "hf", output: at("none") })).rejects.toThrow(
    "timm's ViT reads the class token",
  );
});

test("transformers.js gets pixel_values in colour and gives logits, of grey images too", async () => {
  const grey = await train("grey", {
    "model.channels": 1,
    "data.name": "digits",
    "model.imageSize": 28,
    "train.epochs": 1,
    "train.batchSize": 2000,
  });
  await exportModel(grey, { format: "transformersjs", output: at("js") });
  const { inputs, outputs } = readOnnx(readFileSync(join(at("js"), "onnx/model.onnx")));
  expect(inputs).toEqual([{ name: "pixel_values", type: "float32", dims: ["batch", 3, 28, 28] }]);
  expect(outputs.map(({ name }) => name)).toEqual(["logits"]);
  expect(json("js", "config.json")).toMatchObject({ model_type: "vit", label2id: { 7: 7 } });
  expect(json("js", "preprocessor_config.json").image_mean).toEqual([0.1309, 0.1309, 0.1309]);
});

const RUNS = [
  ...[
    "mcr2",
    "tcr",
    "redunet",
    "redunet, lifted",
    "ctrl",
    "ictrl",
    "generative, vae",
    "generative, dcgan",
    "cpp",
  ],
  ...["mae", "dino", "language", "language, masked"],
];

test.each(RUNS)("a run of %s is exported", async (name) => {
  using words = fewWords();
  mkdirSync(at(name));
  await trainRun(tinyRecipe(name, words.path), quietly(at(name)));
  const { differences } = await exportModel(at(name), { format: "onnx", output: at(`${name}.onnx`) });
  for (const { name, relative } of differences) expect(relative, name).toBeLessThan(1e-4);
});

test("what is no network is refused, and nothing is left", async () => {
  const refused = (path: string, message: string, more: object = {}) =>
    expect(exportModel(path, { format: "onnx", output: at("no.onnx"), ...more })).rejects.toThrow(message);
  await refused(at("nothing"), "nothing there; expected a run folder or a file of weights");
  await refused(run, 'no checkpoint "third"', { checkpoint: "third" });
  await refused(run, "--heads and --key are for files of weights", { heads: 2 });
  scope(() => {
    const mae = createModel("crate_mae", { imageSize: 8, patch: 4, dim: 16, depth: 1, heads: 2 }, random(1));
    saveTensors(at("mae.safetensors"), mae.stateDict());
    mae.dispose();
  });
  await refused(at("mae.safetensors"), "holds a network without a head", { heads: 2 });
  mkdirSync(at("full"));
  writeFileSync(join(at("full"), "mine"), "");
  await refused(run, "expected a new folder, but it has 1 entries", { format: "hf", output: at("full") });
  await refused(run, "cannot write", { output: at("none/no.onnx") });
  expect(existsSync(at("no.onnx"))).toBe(false);
  expect(readdirSync(root).filter((name) => name.includes("tmp-"))).toEqual([]);
});
