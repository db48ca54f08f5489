import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { expect, test } from "vitest";
import { random, scope } from "../tensor/index.ts";
import { type BatchOptions, batchCount, batches, epochOrder } from "./batches.ts";
import { ImageFolder } from "./sets/folder.ts";
import type { ImageSet, ImageSource } from "./sets/image-set.ts";
import { openDataset } from "./sets/registry.ts";

const set = await openDataset("synthetic", {
  split: "train",
  imageSize: 8,
  classes: 3,
  channels: 2,
  count: 23,
});

interface Collected {
  number: number;
  indices: number[];
  labels: number[];
  images: number[];
  mixed?: [lambda: number, other: number[]];
}

/** Everything a run of batches gave out, as plain values. */
async function collect(data: ImageSet | ImageSource, options: BatchOptions) {
  const out: Collected[] = [];
  for await (const { number, indices, labels, images, mixed } of batches(data, options)) {
    out.push({
      number,
      indices: [...indices],
      labels: labels.numbers(),
      images: images.numbers(),
      ...(mixed && { mixed: [mixed.lambda, mixed.other.numbers()] }),
    });
  }
  return out;
}

/** The batches of P processes, one after the other. */
async function together(data: ImageSet | ImageSource, options: () => BatchOptions, size: number) {
  const parts: Collected[][] = [];
  for (let rank = 0; rank < size; rank++)
    parts.push(await collect(data, { ...options(), share: { rank, size } }));
  return parts[0]!.map((_, n) => {
    const own = parts.map((part) => part[n]!);
    const all = <K extends "indices" | "labels" | "images">(key: K) => own.flatMap((batch) => batch[key]);
    const lambdas = new Set(own.map(({ mixed }) => mixed?.[0]));
    expect(lambdas.size).toBe(1);
    const joined = { number: n, indices: all("indices"), labels: all("labels"), images: all("images") };
    const [lambda] = lambdas;
    if (lambda === undefined) return joined;
    return { ...joined, mixed: [lambda, own.flatMap(({ mixed }) => mixed![1])] };
  });
}

const augment = { crop: 1, flip: true, resizedCrop: [0.5, 1], mixup: 0.3, erase: 0.4 } as const;

test("the order of an epoch is a permutation, fixed by seed and epoch", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(1000), fc.nat(50), (count, seed, epoch) => {
      const order = epochOrder(count, epoch, random(seed));
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
      expect(epochOrder(count, epoch, random(seed))).toEqual(order);
    }),
    { numRuns: 40 },
  );
  expect(epochOrder(100, 0, random(1))).not.toEqual(epochOrder(100, 1, random(1)));
  expect(epochOrder(100, 0, random(1))).not.toEqual(epochOrder(100, 0, random(2)));
});

test("without options: the set in order, pixels in [0, 1], the last batch short or dropped", async () => {
  const all = await collect(set, { batchSize: 10 });
  expect(all.map(({ indices }) => indices.length)).toEqual([10, 10, 3]);
  expect(all.flatMap(({ indices }) => indices)).toEqual(Array.from({ length: 23 }, (_, i) => i));
  expect(all.flatMap(({ labels }) => labels)).toEqual([...set.labels]);
  const pixels = all.flatMap(({ images }) => images);
  expect(pixels.every((v, i) => Math.abs(v - set.images[i]! / 255) < 1e-6)).toBe(true);
  expect(await collect(set, { batchSize: 10, dropLast: true })).toHaveLength(batchCount(23, 10, true));
});

test("starting at batch k is the same as skipping k, with every augmentation on", async () => {
  const options = (): BatchOptions => ({ batchSize: 5, shuffle: true, epoch: 2, random: random(3), augment });
  const whole = await collect(set, options());
  expect(whole).toHaveLength(5);
  for (let start = 0; start <= 5; start++)
    expect(await collect(set, { ...options(), start })).toEqual(whole.slice(start));
  expect(whole.flatMap(({ indices }) => indices).sort((a, b) => a - b)).toEqual([...Array(23).keys()]);
});

test("augmentation is fixed by the seed and does not move the order; one kind does not move another", async () => {
  const run = (seed: number, more: Partial<BatchOptions> = {}) =>
    collect(set, { batchSize: 8, shuffle: true, random: random(seed), augment, ...more });
  const first = await run(1);
  expect(await run(1)).toEqual(first);
  const other = await run(2);
  expect(other[0]!.images).not.toEqual(first[0]!.images);
  const plain = await run(1, { augment: {} });
  expect(plain.map(({ indices }) => indices)).toEqual(first.map(({ indices }) => indices));
  const flipped = await run(1, { augment: { flip: true } });
  // this probability draws, but never erases
  expect(await run(1, { augment: { flip: true, erase: 1e-12 } })).toEqual(flipped);
  const epochs = await Promise.all(
    [0, 1].map((epoch) => run(1, { epoch, shuffle: false, augment: { flip: true } })),
  );
  expect(epochs[0]![0]!.images).not.toEqual(epochs[1]![0]!.images);
});

test("the shares of 1 to 5 processes are together the batch of one, with every augmentation on", async () => {
  const colours = await openDataset("synthetic", { split: "train", imageSize: 8, classes: 3, count: 23 });
  const everything = { ...augment, randAugment: [2, 9] } as const;
  for (const augment of [everything, { flip: true, erase: 0.5 }]) {
    const options = (): BatchOptions => ({
      ...{ batchSize: 9, shuffle: true, epoch: 1, random: random(3), augment, imageSize: 6 },
    });
    const one = await collect(colours, options()); // of 9, 9 and 5
    expect(one.map(({ indices }) => indices.length)).toEqual([9, 9, 5]);
    for (let size = 1; size <= 5; size++)
      expect(await together(colours, options, size), `${size}`).toEqual(one);
  }
});

test("a share is rows ⌊r b/P⌋ to ⌊(r + 1) b/P⌋, its rows are said, and it is taken up at any batch", async () => {
  const given = {
    ...{ batchSize: 7, dropLast: true, random: random(1), augment: { flip: true } },
    share: { rank: 1, size: 3 },
  };
  const found: unknown[] = [];
  for await (const { indices, rows } of batches(set, given)) found.push([[...indices], rows]);
  expect(found).toEqual([
    [[2, 3], { whole: 7, at: [2, 3] }],
    [[9, 10], { whole: 7, at: [2, 3] }],
    [[16, 17], { whole: 7, at: [2, 3] }],
  ]);
  const all = await collect(set, given);
  expect(await collect(set, { ...given, start: 2 })).toEqual(all.slice(2));
});

test("a batch smaller than the processes is refused, and a last one of an epoch", async () => {
  const first = (more: Partial<BatchOptions>) =>
    batches(set, { batchSize: 4, share: { rank: 0, size: 5 }, ...more }).next();
  await expect(first({})).rejects.toThrow(
    "train.batchSize: expected at least 5, one of each batch for each process, got 4",
  );
  const short = { batchSize: 10 }; // of 23
  await expect(first(short)).rejects.toThrow("the last of synthetic's batches of 10 has 3 of 23 images");
  const walk = batches(set, { ...short, dropLast: true, share: { rank: 0, size: 5 } });
  expect((await walk.next()).value?.indices).toHaveLength(2);
  await walk.return();
});

test("normalised, resized, and freed when the next batch is asked for or the loop is left", async () => {
  const normalise = { mean: [0.5, 0.5], std: [0.25, 0.25] };
  for await (const { images, labels } of batches(set, { batchSize: 4, imageSize: 12, normalise })) {
    expect([images.shape, images.dtype, labels.dtype]).toEqual([[4, 2, 12, 12], "float32", "int64"]);
    expect(Math.abs(scope(() => images.mean().item()))).toBeLessThan(0.3);
    break;
  }
});

test("options out of range are refused", async () => {
  const first = (options: Partial<BatchOptions>) => batches(set, { batchSize: 4, ...options }).next();
  await expect(first({ batchSize: 0 })).rejects.toThrow("batchSize is 0, expected an integer of at least 1");
  await expect(first({ start: -1 })).rejects.toThrow("start is -1");
  await expect(first({ shuffle: true })).rejects.toThrow("expected a random stream to shuffle");
  await expect(first({ augment: { flip: true } })).rejects.toThrow("expected a random stream to augment");
  await expect(first({ augment: { erase: 2 } })).rejects.toThrow("augment.erase is 2, expected 0 to 1");
  await expect(first({ augment: { resizedCrop: [0, 1] } })).rejects.toThrow("resizedCrop is [0, 1]");
});

test("a folder gives the same batches as its images in memory, decoding ahead; a bad file fails in its turn", async () => {
  const root = await mkdtemp(join(tmpdir(), "vitrine-batches-"));
  for (let i = 0; i < 7; i++) {
    const image = sharp({
      create: { width: 9, height: 9, channels: 3, background: { r: 30 * i, g: 0, b: 9 } },
    });
    await mkdir(join(root, "train", `class ${i % 2}`), { recursive: true });
    await writeFile(join(root, "train", `class ${i % 2}`, `${i}.png`), await image.png().toBuffer());
  }
  const folder = ImageFolder.open(root, { split: "train", imageSize: 8, workers: 2 });
  const memory = await folder.loadAll();
  const options = (): BatchOptions => ({
    batchSize: 2,
    shuffle: true,
    random: random(5),
    prefetch: 2,
    augment,
  });
  const { resizedCrop: _, ...others } = augment;
  const same = { ...options(), augment: others };
  expect(await collect(folder, same)).toEqual(await collect(memory, same));

  for (const size of [2, 3])
    expect(await together(folder, () => ({ ...options(), batchSize: 3, dropLast: true }), size)).toEqual(
      await collect(folder, { ...options(), batchSize: 3, dropLast: true }),
    );

  // class 0 has files 0, 2, 4, 6 at positions 0 to 3: batch 1 is the bad one, though it was begun with batch 0
  await writeFile(join(root, "train", "class 0", "4.png"), "damaged");
  const walk = batches(folder, { batchSize: 2, prefetch: 3 });
  expect((await walk.next()).value?.labels.numbers()).toEqual([0, 0]);
  await expect(walk.next()).rejects.toThrow("4.png");
  await folder.close();
  await rm(root, { recursive: true });
});

test("random resized crops are of whole images, each by its place in the batch, also when taken up later", async () => {
  const root = await mkdtemp(join(tmpdir(), "vitrine-crops-"));
  await mkdir(join(root, "train", "a"), { recursive: true });
  // red grows from left to right: a crop's reds say where it lies
  const [width, height] = [240, 40];
  const ramp = Uint8Array.from({ length: 3 * width * height }, (_, i) => Math.floor(i / 3) % width);
  for (let i = 0; i < 6; i++)
    await sharp(ramp, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(join(root, "train", "a", `${i}.png`));
  const folder = ImageFolder.open(root, { split: "train", imageSize: 8, workers: 2 });
  const options: BatchOptions = { batchSize: 3, random: random(5), augment: { resizedCrop: [0.05, 0.1] } };
  const all = await collect(folder, options);
  const reds = all.flatMap(({ images }) => [0, 1, 2].map((i) => Math.round(255 * images[i * 3 * 64]!)));
  expect(new Set(reds).size).toBe(6);
  expect(Math.min(...reds)).toBeLessThan(100); // the centre square begins at 100 and ends at 140
  expect(Math.max(...reds)).toBeGreaterThan(140);
  expect(await collect(folder, { ...options, start: 1 })).toEqual(all.slice(1));
  expect((await collect(folder, { ...options, imageSize: 5 }))[0]!.images).toHaveLength(3 * 3 * 25);
  await folder.close();
  await rm(root, { recursive: true });
});
