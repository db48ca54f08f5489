import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeAverages } from "../../../test/onnx/averages.ts";
import { resize, writeFeatures } from "../../data/index.ts";
import { random, scope } from "../../tensor/index.ts";
import { activations, frechetDistance } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-activations-"));
afterAll(() => rmSync(folder, { recursive: true }));

function averages(size: number): string {
  const path = join(folder, `averages-${size}.onnx`);
  writeAverages(path, size, "pool_3");
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
