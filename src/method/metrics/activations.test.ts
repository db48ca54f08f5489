import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { resize, writeFeatures } from "../../data/index.ts";
import { random, scope } from "../../tensor/index.ts";
import { Message } from "../../train/protobuf.ts";
import { activations, frechetDistance } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-activations-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** An ONNX file whose features are the mean of each channel: GlobalAveragePool, Flatten. */
function averages(size: number): string {
  const node = (kind: string, from: string, to: string) =>
    new Message().text(1, from).text(2, to).text(4, kind);
  const info = (name: string, shape: number[]) => {
    const sizes = new Message().message(1, new Message().text(2, "batch"));
    for (const length of shape) sizes.message(1, new Message().varint(1, length));
    const type = new Message().varint(1, 1).message(2, sizes);
    return new Message().text(1, name).message(2, new Message().message(1, type));
  };
  const graph = new Message()
    .message(1, node("GlobalAveragePool", "images", "means"))
    .message(1, node("Flatten", "means", "pool_3"))
    .text(2, "averages")
    .message(11, info("images", [3, size, size]))
    .message(12, info("pool_3", [3]));
  const opset = new Message().text(1, "").varint(2, 17);
  const path = join(folder, `averages-${size}.onnx`);
  writeFileSync(path, new Message().varint(1, 8).message(8, opset).message(7, graph).finish());
  return path;
}

test("images go through the net in its size, in batches, from −1 to 1", async () => {
  using images = random(1).uniform([5, 3, 8, 8], 0, 255);
  const encoder = { path: averages(12), size: 12, batchSize: 2 };
  using found = await activations(images, { encoder });
  scope(() => {
    const expected = resize(images, 12).mean([2, 3]).div(127.5).sub(1);
    expect(found.sub(expected).abs().max().item()).toBeLessThan(1e-5);
  });
  await expect(activations(images)).rejects.toThrow("expected an encoder");
  using grey = images.narrow(1, 0, 1);
  await expect(activations(grey, { encoder })).rejects.toThrow("[n, 3, h, w], got [5, 1, 8, 8] float32");
  await expect(activations(images, { encoder: { path: encoder.path } })).rejects.toThrow(
    "float32 [batch, 3, 299, 299], the model takes float32 [batch, 3, 12, 12]",
  );
});

test("activations of a file give the distance of those in memory", async () => {
  using real = random(2).normal([40, 5]);
  using ours = random(3).normal([30, 5]);
  const path = join(folder, "real.npz");
  writeFeatures(path, { features: real });
  using read = await activations(path, { array: "features" });
  expect(frechetDistance(read, ours)).toBe(frechetDistance(real, ours));
  await expect(activations(path, { array: "pool_3" })).rejects.toThrow(
    'no array "pool_3"; it has "features"',
  );
});
