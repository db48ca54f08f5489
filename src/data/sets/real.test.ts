import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { ImageSet } from "./image-set.ts";
import { moments } from "./moments.ts";
import { normalisation } from "./normalise.ts";
import { openDataset, openSource } from "./registry.ts";

// the data is not in the project: VITRINE_DATA, or a folder shared/data beside the project
const dir = process.env.VITRINE_DATA || fileURLToPath(new URL("../../../../shared/data", import.meta.url));
const has = (...names: string[]) => existsSync(join(dir, ...names));
const open = (name: string, split: "train" | "test") => openDataset(name, { dir, split });

function balance(set: ImageSet): number[] {
  const counts = set.classes.map(() => 0);
  for (const label of set.labels) counts[label]!++;
  return counts;
}

function expectMoments(set: ImageSet): void {
  const { mean, std } = moments(set);
  const published = normalisation(set, "dataset");
  for (let c = 0; c < set.channels; c++) {
    expect(Math.abs(mean[c]! - published.mean[c]!)).toBeLessThan(1e-4);
    expect(Math.abs(std[c]! - published.std[c]!)).toBeLessThan(1e-4);
  }
}

describe.skipIf(!has("mnist"))("MNIST (skipped without the data)", () => {
  test("sizes, first labels, class counts and moments are the published ones", async () => {
    const train = await open("mnist", "train");
    expect(train).toMatchObject({ count: 60_000, channels: 1, height: 28, width: 28 });
    expect([...train.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    expect(balance(train)).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expectMoments(train);
    const test = await open("mnist", "test");
    expect([...test.labels.subarray(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    expect(balance(test)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
  });
});

describe.skipIf(!has("fashion-mnist"))("Fashion-MNIST (skipped without the data)", () => {
  test("sizes, first labels, class counts and moments are the published ones", async () => {
    const train = await open("fashion-mnist", "train");
    expect(train.count).toBe(60_000);
    expect([...train.labels.subarray(0, 10)]).toEqual([9, 0, 0, 3, 0, 2, 7, 2, 5, 5]);
    expect(new Set(balance(train))).toEqual(new Set([6000]));
    expectMoments(train);
    const test = await open("fashion-mnist", "test");
    expect([...test.labels.subarray(0, 10)]).toEqual([9, 2, 1, 1, 6, 1, 4, 6, 5, 7]);
    expect(new Set(balance(test))).toEqual(new Set([1000]));
  });
});

describe.skipIf(!has("cifar10"))("CIFAR-10 (skipped without the data)", () => {
  test("the published facts, or, in the compact form, what to do", async () => {
    if (has("cifar10", "test_batch.med.gz")) {
      await expect(open("cifar10", "test")).rejects.toThrow("unpack.mjs OUT");
      return;
    }
    const train = await open("cifar10", "train");
    expect(train).toMatchObject({ count: 50_000, channels: 3, height: 32, width: 32 });
    expect([...train.labels.subarray(0, 10)]).toEqual([6, 9, 9, 4, 1, 1, 2, 7, 8, 3]);
    expect(new Set(balance(train))).toEqual(new Set([5000]));
    expect([...train.images.subarray(0, 4)]).toEqual([59, 43, 50, 68]);
    expectMoments(train);
    const test = await open("cifar10", "test");
    expect([...test.labels.subarray(0, 10)]).toEqual([3, 8, 8, 0, 6, 6, 1, 6, 3, 1]);
    expect(new Set(balance(test))).toEqual(new Set([1000]));
  });
});

const imagenette = ["natural", "imagenette2-224-sample"];
describe.skipIf(!has(...imagenette))("Imagenette sample (skipped without the data)", () => {
  test("every image decodes; the classes have names", async () => {
    const name = `folder:${join(dir, ...imagenette)}`;
    const train = await openSource(name, { split: "train", imageSize: 224 });
    const val = await openDataset(name, { split: "test", imageSize: 64 });
    expect(train.count + val.count).toBe(300);
    expect(train.classes[0]).toBe("tench");
    expect(new Set(balance(val)).size).toBe(1);
    // natural images are neither black nor white, nor the same in all channels
    const { mean } = moments(val);
    for (const m of mean) expect(Math.abs(m - 0.46)).toBeLessThan(0.06);
    expect((await train.load([0, 150])).length).toBe(2 * 3 * 224 * 224);
    await train.close();
  });
});
