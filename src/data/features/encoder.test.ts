import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, expect, test } from "vitest";
import { Message } from "../../base/protobuf.ts";
import { random, scope, tensor } from "../../tensor/index.ts";
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
  /** Element types of the input and of the output, as ONNX numbers them, where casts are at the ends. */
  from?: number;
  to?: number;
  /** Whether colours are the last axis. */
  last?: boolean;
}

const SIDE = 4;
const D = 3 * SIDE * SIDE;
/** [D, 2] */
const WEIGHTS = Float32Array.from({ length: 2 * D }, (_, i) => Math.sin(i) / 10);

/** An ONNX file of features = flatten(images) · W. */
function model(name: string, net: Net = {}): string {
  const { from = FLOAT, to = FLOAT, last = false, both = false, output = ["batch", 2] } = net;
  const { input = last ? ["batch", SIDE, SIDE, 3] : ["batch", 3, SIDE, SIDE] } = net;
  const graph = new Message();
  const node = (kind: string, inputs: string[], result: string, attribute?: Message) => {
    const made = new Message();
    for (const source of inputs) made.text(1, source);
    made.text(2, result).text(4, kind);
    graph.message(1, attribute === undefined ? made : made.message(5, attribute));
  };
  const integer = (key: string, value: number) => new Message().text(1, key).varint(3, value).varint(20, 2);
  node("Cast", ["images"], "floats", integer("to", FLOAT));
  if (last) {
    const order = new Message().text(1, "perm");
    for (const axis of [0, 3, 1, 2]) order.varint(8, axis);
    node("Transpose", ["floats"], "planes", order.varint(20, 7));
  }
  node("Flatten", [last ? "planes" : "floats"], "flat", integer("axis", 1));
  node("MatMul", ["flat", "W"], "product");
  node("Cast", ["product"], "features", integer("to", to));
  const weights = new Message().varint(1, D).varint(1, 2).varint(2, FLOAT).text(8, "W");
  weights.bytes(9, new Uint8Array(WEIGHTS.buffer));
  graph
    .text(2, "encoder")
    .message(5, weights)
    .message(11, info("images", input, from))
    .message(12, info("features", output, to));
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
  await open("type.onnx", {}, { dtype: "uint8" }).toThrow(
    "expected an input uint8 [batch, 3, 4, 4], the model takes",
  );
  await open("both.onnx", { both: true }).toThrow("expected output to be one of features, flat, got none");
  await open("name.onnx", { both: true }, { output: "fat" }).toThrow(
    "one of features, flat, got fat; name one with --encoder-output",
  );
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

test("float16, float64 and bytes are cast, colours may be last, features of other precision become float32", async () => {
  using images = scope(() => random(1).uniform([3, 3, SIDE, SIDE], 0, 255).round());
  const bytes = images.to("uint8");
  const features = async (net: Net, pixels: typeof images) => {
    const path = model(`${JSON.stringify(net)}.onnx`, net);
    const encoder = await openEncoder({ path, batchSize: 2, normalise: PLAIN });
    try {
      expect(encoder.size).toBe(SIDE);
      return await encoder.encode(pixels);
    } finally {
      await encoder.close();
    }
  };
  using truth = await features({}, images);
  using raw = truth.mul(255);
  for (const [net, expected, within] of [
    [{ from: 10 }, truth, 1e-2],
    [{ from: 11 }, truth, 1e-5],
    [{ from: 2 }, raw, 1e-3],
    [{ last: true }, truth, 1e-5],
    [{ from: 2, last: true }, raw, 1e-3],
    [{ to: 11 }, truth, 1e-5],
    [{ to: 10 }, truth, 1e-2],
  ] as const) {
    using found = await features(net, net.from === 2 ? bytes : images);
    expect(found.dtype).toBe("float32");
    scope(() => expect(found.sub(expected).abs().max().item(), JSON.stringify(net)).toBeLessThan(within));
  }
  bytes.dispose();
});

test("a model of any size takes 224 or what is asked for; one that loads but cannot run is a DataError", async () => {
  const input = ["batch", 3, "height", "width"];
  const path = model("any.onnx", { input });
  const usual = await openEncoder({ path });
  expect([usual.size, usual.about]).toEqual([
    224,
    expect.stringContaining("images float32 [b, 3, 224, 224]"),
  ]);
  await usual.close();
  const small = await openEncoder({ path, size: 2 });
  using images = random(1).uniform([1, 3, 2, 2]);
  await expect(small.encode(images)).rejects.toThrow(
    expect.objectContaining({ name: "DataError", message: expect.stringContaining("any.onnx cannot run") }),
  );
  await small.close();
});

test("without the runtime it is said what to install", async () => {
  await expect(loadRuntime("onnxruntime-nowhere")).rejects.toThrow(
    "encoder: onnxruntime-nowhere is not installed; ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-nowhere",
  );
});
