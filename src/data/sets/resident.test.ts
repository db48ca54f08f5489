/** @file Images that stay on a device: the batches of them are those that are loaded. */

import { expect, test } from "vitest";
import { memory, random } from "../../tensor/index.ts";
import { type Augment, type BatchOptions, batches } from "../batches.ts";
import { type ImageSource, imageSource, sourceSubset } from "./image-set.ts";
import { bytesOf, isResident, residentSource } from "./resident.ts";
import { syntheticSet } from "./synthetic.ts";

const set = imageSource(syntheticSet({ split: "train", classes: 3, channels: 3, size: 10, count: 23 }));

/** Everything that batches are, as plain values. */
async function collect(source: ImageSource, options: BatchOptions) {
  const all: unknown[] = [];
  for await (const { images, labels, mixed, ...rest } of batches(source, options)) {
    expect(images.dtype).toBe("float32");
    const other = mixed && { lambda: mixed.lambda, other: mixed.other.numbers() };
    all.push({ ...rest, images: images.numbers(), labels: labels.numbers(), other });
  }
  return all;
}

const CHANGES: [string, Augment, Partial<BatchOptions>?][] = [
  ["nothing", {}],
  ["crop, flip, erase", { crop: 2, flip: true, erase: 0.7 }],
  ["resized crop at another size", { resizedCrop: [0.3, 1] }, { imageSize: 6 }],
  ["RandAugment and mixup", { randAugment: [2, 9], mixup: 0.4 }],
  ["a process's share", { crop: 1, mixup: 0.4 }, { share: { rank: 1, size: 2 } }],
  ["an epoch from its middle", { flip: true }, { epoch: 2, start: 1, dropLast: true }],
];

test.each(CHANGES)("%s: batches have the same bits as those of loaded images", async (_, augment, more) => {
  const normalise = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] };
  const options = () => ({ batchSize: 6, shuffle: true, random: random(4), normalise, augment, ...more });
  for (const source of [set, sourceSubset(set, [20, 3, 3, 7, 11, 0, 5, 9, 14, 16, 1, 2, 22, 8])]) {
    const { count, channels, height, width } = source;
    const loaded = await collect(source, options());
    const before = memory();
    const { source: resident, images } = await residentSource(source, "cpu");
    expect(images.describe()).toBe(`[${count}, ${channels}, ${height}, ${width}] uint8`);
    const load = () => {
      throw new Error("loaded");
    };
    expect(await collect(Object.create(resident, { load: { value: load } }), options())).toEqual(loaded);
    expect(resident.fingerprint()).toBe(source.fingerprint());
    images.dispose();
    expect(memory()).toEqual(before);
  }
});

test("auto keeps decoded images on a GPU where they are small, and never those that are cut out of files", () => {
  const files = { ...set, loadCrops: () => Promise.reject(new Error()) };
  const large = { ...set, count: 2 ** 23 };
  expect(bytesOf(set)).toBe(23 * 3 * 10 * 10);
  const chosen = (source: ImageSource, device: string) => isResident(source, "auto", device);
  expect(chosen(set, "cuda:1")).toBe(true);
  expect([chosen(set, "cpu"), chosen(large, "cuda"), chosen(files, "cuda")]).toEqual([false, false, false]);
  expect([isResident(large, "always", "cpu"), isResident(set, "never", "cuda")]).toEqual([true, false]);
  expect(() => isResident(files, "always", "cuda")).toThrow("data.resident: expected auto or never");
});
