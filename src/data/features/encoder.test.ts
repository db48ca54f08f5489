import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, expect, test } from "vitest";
import { random, scope, tensor } from "../../tensor/index.ts";
import { Message } from "../../train/protobuf.ts";
import { openEncoder, readFeatures } from "./index.ts";
import { loadRuntime } from "./runtime.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-encoder-"));
afterAll(() => rmSync(folder, { recursive: true }));

const FLOAT = 1;

/** A tensor's name, element type and sizes; a size of text is free. */
function info(name: string, shape: (number | string)[], type = FLOAT): Message {
  const sizes = new Message();
  for (const size of shape)
    sizes.message(1, typeof size === "number" ? new Message().varint(1, size) : new Message().text(2, size));
  const tensorType = new Message().varint(1, type).message(2, sizes);
  return new Message().text(1, name).message(2, new Message().message(1, tensorType));
}

interface Net {
  input?: (number | string)[];
  output?: (number | string)[];
  /** Whether Flatten's result is an output too. */
  both?: boolean;
  type?: number;
}

const SIDE = 4;
const D = 3 * SIDE * SIDE;
/** [D, 2] */
const WEIGHTS = Float32Array.from({ length: 2 * D }, (_, i) => Math.sin(i) / 10);

/** An ONNX file of features = flatten(images) · W. */
function model(name: string, net: Net = {}): string {
  const { input = ["batch", 3, SIDE, SIDE], output = ["batch", 2], both = false, type = FLOAT } = net;
  const node = (kind: string, inputs: string[], result: string) => {
    const made = new Message();
    for (const from of inputs) made.text(1, from);
    return made.text(2, result).text(4, kind);
  };
  const axis = new Message().text(1, "axis").varint(3, 1).varint(20, 2);
  const weights = new Message().varint(1, D).varint(1, 2).varint(2, FLOAT).text(8, "W");
  weights.bytes(9, new Uint8Array(WEIGHTS.buffer));
  const graph = new Message()
    .message(1, node("Flatten", ["images"], "flat").message(5, axis))
    .message(1, node("MatMul", ["flat", "W"], "features"))
    .text(2, "encoder")
    .message(5, weights)
    .message(11, info("images", input, type))
    .message(12, info("features", output, type));
  if (both) graph.message(12, info("flat", ["batch", D]));
  const opset = new Message().text(1, "").varint(2, 17);
  const path = join(folder, name);
  writeFileSync(path, new Message().varint(1, 8).message(8, opset).message(7, graph).finish());
  return path;
}

const PLAIN = { mean: [0, 0, 0], std: [1, 1, 1] };

test("features of tensors are those of the formula, also where the model has a batch of its own", async () => {
  for (const batch of ["batch", 4]) {
    const path = model(`${batch}.onnx`, { input: [batch, 3, SIDE, SIDE], output: [batch, 2] });
    const encoder = await openEncoder({ path, size: SIDE, batchSize: 3, normalise: PLAIN });
    using images = random(1).uniform([6, 3, SIDE, SIDE], 0, 255);
    using encoded = await encoder.encode(images);
    await encoder.close();
    expect(encoder.batchSize).toBe(batch === 4 ? 4 : 3);
    scope(() => {
      const W = tensor(WEIGHTS, { shape: [D, 2] });
      const expected = images.div(255).reshape([6, D]).matmul(W);
      expect(encoded.shape).toEqual([6, 2]);
      expect(encoded.sub(expected).abs().max().item()).toBeLessThan(1e-5);
    });
  }
});

test("a folder of images becomes features, labels from its sub-folders, and the file that cannot be read is named", async () => {
  const root = join(folder, "images");
  const paint = async (name: string, value: number) => {
    mkdirSync(join(root, name, ".."), { recursive: true });
    const create = { width: 9, height: 6, channels: 3, background: { r: value, g: 0, b: 255 } } as const;
    await sharp({ create }).png().toFile(join(root, name));
  };
  for (const [name, value] of [["cat/b.png", 40], ["cat/a.png", 20], ["dog/a.png", 60]] as const) await paint(name, value); // biome-ignore format: a list
  const path = model("plain.onnx");
  const encoder = { path, size: SIDE, batchSize: 2 };
  const { features, labels, names } = await readFeatures(root, { encoder });
  using read = features;
  expect(names).toEqual(["cat/a.png", "cat/b.png", "dog/a.png"]);
  expect(labels).toEqual(Int32Array.of(0, 0, 1));
  // images of one colour: features are sums of W per channel, of pixels in CLIP's scale
  const sums = [0, 1, 2].map((c) => [0, 1].map((k) => WEIGHTS.reduce((sum, w, i) => (i % 2 === k && Math.floor(i / 2 / 16) === c ? sum + w : sum), 0))); // biome-ignore format: one sum
  const scaled = (value: number, c: number) =>
    (value / 255 - [0.48145466, 0.4578275, 0.40821073][c]!) / [0.26862954, 0.26130258, 0.27577711][c]!;
  const expected = [20, 40, 60].flatMap((value) =>
    [0, 1].map((k) => [value, 0, 255].reduce((sum, v, c) => sum + scaled(v, c) * sums[c]![k]!, 0)),
  );
  read.numbers().forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 4);
  });
  const flat = await readFeatures(join(root, "cat"), { encoder });
  flat.features.dispose();
  expect([flat.labels, flat.names]).toEqual([undefined, ["a.png", "b.png"]]);
  writeFileSync(join(root, "dog", "bad.jpg"), "no image");
  await expect(readFeatures(root, { encoder })).rejects.toThrow(/cannot read image .*bad\.jpg/);
  await expect(readFeatures(folder, { encoder: { ...encoder, short: 3 } })).rejects.toThrow(
    "short from the size",
  );
});

test("a model that does not fit is refused with what was expected and what it has", async () => {
  const open = (name: string, net: Net, options = {}) =>
    expect(openEncoder({ path: model(name, net), size: SIDE, ...options })).rejects;
  await open("size.onnx", {}, { size: 8 }).toThrow(
    "expected an input float32 [batch, 3, 8, 8], the model takes float32 [batch, 3, 4, 4]",
  );
  await open("rank.onnx", { input: ["batch", D], output: ["batch", 2] }).toThrow(
    "the model takes float32 [batch, 48]",
  );
  await open("type.onnx", { type: 11 }).toThrow(/the model takes float64|cannot be loaded/);
  await open("both.onnx", { both: true }).toThrow("expected output to be one of features, flat, got none");
  await open("name.onnx", { both: true }, { output: "fat" }).toThrow("one of features, flat, got fat");
  const chosen = await openEncoder({ path: model("flat.onnx", { both: true }), size: SIDE, output: "flat" });
  using images = random(1).uniform([2, 3, SIDE, SIDE]);
  using wide = await chosen.encode(images);
  expect(wide.shape).toEqual([2, D]);
  using small = images.narrow(3, 0, 2);
  await expect(chosen.encode(small)).rejects.toThrow("expected images [b, 3, 4, 4], got [2, 3, 4, 2]");
  await chosen.close();
  await expect(openEncoder({ path: join(folder, "none.onnx") })).rejects.toThrow("is missing");
  writeFileSync(join(folder, "text.onnx"), "hello");
  await expect(openEncoder({ path: join(folder, "text.onnx") })).rejects.toThrow("cannot be loaded");
});

test("without the runtime it is said what to install", async () => {
  await expect(loadRuntime("onnxruntime-nowhere")).rejects.toThrow(
    "encoder: onnxruntime-nowhere is not installed; npm install",
  );
});
