import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { plainJpeg, tarOf } from "../../../test/shards.ts";
import { random } from "../../tensor/index.ts";
import { batches } from "../batches.ts";
import { holdOut } from "./hold-out.ts";
import { imageSource, sourceSubset } from "./image-set.ts";
import { openSource } from "./registry.ts";
import { syntheticSet } from "./synthetic.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine-hold-out-"));
afterAll(() => rmSync(root, { recursive: true }));

/** 40 images of class 0, 20 of class 1, 3 of class 2, 1 of class 3, mixed. */
const labels = Int32Array.from({ length: 64 }, (_, i) =>
  i === 63 ? 3 : i % 21 === 20 ? 2 : i % 3 === 2 ? 1 : 0,
);
const countsOf = (places: Int32Array) =>
  [0, 1, 2, 3].map((k) => places.filter((place) => labels[place] === k).length);

test("both parts are disjoint, together the whole, ascending, the same by seed and others by another", () => {
  const { train, validation } = holdOut(labels, 0.25, random(1));
  expect([...train, ...validation].sort((a, b) => a - b)).toEqual([...labels.keys()]);
  for (const part of [train, validation]) expect(part).toEqual(part.slice().sort());
  expect(holdOut(labels, 0.25, random(1)).validation).toEqual(validation);
  expect(holdOut(labels, 0.25, random(2)).validation).not.toEqual(validation);
});

test("each class gives its share, at least one image and never its last", () => {
  const all = countsOf(Int32Array.from(labels.keys()));
  expect(countsOf(holdOut(labels, 0.25, random(1)).validation)).toEqual(
    all.map((n) => (n === 1 ? 0 : Math.max(1, Math.round(n / 4)))),
  );
  expect(countsOf(holdOut(labels, 1e-6, random(1)).validation)).toEqual([1, 1, 1, 0]);
  expect(countsOf(holdOut(labels, 0.999, random(1)).train)).toEqual([1, 1, 1, 1]);
  expect(() => holdOut(Int32Array.from([0, 1]), 0.5, random(1))).toThrow(
    "data.validation: expected a class of two images or more, one of them to hold out, got 2 images of 2 classes",
  );
});

test("a part has its own images and labels, and a fingerprint that says which", async () => {
  const whole = imageSource(syntheticSet({ split: "train", size: 4, count: 40 }));
  const { train, validation } = holdOut(whole.labels, 0.2, random(1));
  const [learned, held] = [sourceSubset(whole, train), sourceSubset(whole, validation)];
  expect([learned.count, held.count]).toEqual([30, 10]);
  expect(await held.load([3, 0])).toEqual(await whole.load([validation[3]!, validation[0]!]));
  expect(held.labels).toEqual(validation.map((place) => whole.labels[place]!));
  const again = sourceSubset(whole, holdOut(whole.labels, 0.2, random(1)).train);
  const other = sourceSubset(whole, holdOut(whole.labels, 0.2, random(2)).train);
  expect(again.fingerprint()).toBe(learned.fingerprint());
  const prints = [learned, held, other, whole].map((source) => source.fingerprint());
  expect(new Set(prints).size).toBe(4);
});

test("of shards, an epoch's order is that of all images without those held out", async () => {
  mkdirSync(join(root, "shards"));
  for (const shard of [0, 1, 2]) {
    const files = await Promise.all(
      [0, 1, 2, 3].map(async (i) => {
        const n = 4 * shard + i;
        return [
          [`${n}.cls`, `${n % 2}`],
          [`${n}.jpg`, await plainJpeg(20 * n)],
        ] as const;
      }),
    );
    writeFileSync(join(root, "shards", `train-${shard}.tar`), tarOf(files.flat()));
  }
  const whole = await openSource(`shards:${join(root, "shards")}`, {
    split: "train",
    imageSize: 4,
    workers: 0,
  });
  const { train, validation } = holdOut(whole.labels, 0.3, random(1));
  expect(validation.length).toBe(4);
  const learned = sourceSubset(whole, train);
  const order = whole.order!(2, random(5)).filter((index) => train.includes(index));
  expect(learned.order!(2, random(5)).map((place) => train[place]!)).toEqual(order);
  const seen: number[] = [];
  for await (const { indices, images } of batches(learned, {
    batchSize: 3,
    shuffle: true,
    random: random(5),
    epoch: 2,
  })) {
    expect(images.size(0)).toBe(indices.length);
    for (const place of indices) seen.push(train[place]!);
  }
  expect(seen).toEqual([...order]);
  await learned.close();
});
