import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { imageParquet, plainJpeg, tarOf } from "../../../test/shards.ts";
import { random, scope } from "../../tensor/index.ts";
import { type BatchOptions, batches } from "../batches.ts";
import type { Share } from "../share.ts";
import { type ImageSource, imageSetOf } from "./image-set.ts";
import { openSource } from "./registry.ts";
import { ImageShards } from "./shards.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine-shards-"));
afterAll(() => rmSync(root, { recursive: true }));

const jpegs = await Promise.all(Array.from({ length: 12 }, (_, i) => plainJpeg(20 * i)));
const options = { split: "train", imageSize: 8, workers: 2 } as const;

/** Three archives of four images, and one to be measured on. */
function archives(name: string): string {
  const folder = join(root, name);
  mkdirSync(folder);
  for (const shard of [0, 1, 2]) {
    const files = [0, 1, 2, 3].flatMap((i) => {
      const n = 4 * shard + i;
      const label =
        n % 2 === 0 ? ([`${n}.cls`, `${n % 3}`] as const) : ([`${n}.json`, `{"label": ${n % 3}}`] as const);
      return [label, [`${n}.jpg`, jpegs[n]!] as const];
    });
    writeFileSync(join(folder, `some-train-00${shard}.tar`), tarOf(files));
  }
  writeFileSync(
    join(folder, "some-validation-000.tar"),
    tarOf([
      ["a.jpg", jpegs[3]!],
      ["a.cls", "2"],
    ]),
  );
  return folder;
}

/** Which images an epoch gives out, by their reds, and the labels. */
async function collect(source: ImageShards, more: Partial<BatchOptions> = {}) {
  const found: { images: number[]; labels: number[] }[] = [];
  for await (const { images, labels } of batches(source, {
    batchSize: 5,
    random: random(3),
    shuffle: true,
    ...more,
  })) {
    const reds = scope(() => images.narrow(1, 0, 1).flatten(1).mean([1]));
    found.push({
      images: reds.numbers().map((red) => Math.round((255 * red) / 20)),
      labels: labels.numbers(),
    });
    reds.dispose();
  }
  return found;
}

/** Pixels of a batch of one process, and of the shares of several, each of which asks for its own images alone. */
async function sharedAlike(source: ImageShards): Promise<void> {
  const asked: number[] = [];
  const watched: ImageSource = {
    ...{ name: source.name, count: source.count, channels: 3, height: source.height, width: source.width },
    ...{ classes: source.classes, labels: source.labels, fingerprint: () => "", close: async () => {} },
    load: (indices) => source.load(indices),
    loadCrops: (indices, crops) => {
      asked.push(...Array.from(indices));
      return source.loadCrops(indices, crops);
    },
    order: (epoch, random) => source.order(epoch, random),
  };
  const pixels = async (share?: Share): Promise<number[][]> => {
    const given = { batchSize: 6, shuffle: true, augment: { resizedCrop: [0.5, 1], flip: true } } as const;
    const found: number[][] = [];
    for await (const { images } of batches(watched, { ...given, random: random(2), ...(share && { share }) }))
      found.push(images.numbers());
    return found;
  };
  const one = await pixels();
  for (let size = 1; size <= 5; size++) {
    asked.length = 0;
    const parts: number[][][] = [];
    for (let rank = 0; rank < size; rank++) parts.push(await pixels({ rank, size }));
    expect(one.map((_, n) => parts.flatMap((part) => part[n]!))).toEqual(one);
    expect(asked.toSorted((a, b) => a - b)).toEqual([...Array(12).keys()]);
  }
}

test("archives: every image once an epoch with its label, in another order each; the same taken up in the middle of a shard", async () => {
  const source = await ImageShards.open(archives("tar"), options);
  expect([source.count, source.classes, [...source.labels.slice(0, 4)]]).toEqual([
    12,
    ["0", "1", "2"],
    [0, 1, 2, 0],
  ]);
  const crops = { augment: { resizedCrop: [0.5, 1], flip: true } } as const;
  const first = await collect(source, crops);
  const images = first.flatMap((batch) => batch.images);
  expect(images.toSorted((a, b) => a - b)).toEqual([...Array(12).keys()]);
  expect(first.flatMap((batch) => batch.labels)).toEqual(images.map((n) => n % 3));
  expect(await collect(source, { ...crops, start: 1 })).toEqual(first.slice(1));
  expect(await collect(source, { ...crops, epoch: 1 })).not.toEqual(first);
  await sharedAlike(source);
  await source.close();
  const test = await openSource(`shards:${join(root, "tar")}`, { ...options, split: "test" });
  expect([test.count, test.labels[0]]).toEqual([1, 2]);
  await test.close();
});

test("an order goes through shards one after the other, within a buffer, the same for any number of processes", async () => {
  const folder = join(root, "many");
  mkdirSync(folder);
  for (const shard of [0, 1]) {
    const files = Array.from(
      { length: 1500 },
      (_, i) =>
        [
          [`${i}.jpg`, ""],
          [`${i}.cls`, "0"],
        ] as const,
    ).flat();
    writeFileSync(join(folder, `train-${shard}.tar`), tarOf(files));
  }
  const source = await ImageShards.open(folder, options);
  const order = source.order(0, random(1));
  expect([...order].sort((a, b) => a - b)).toEqual([...Array(3000).keys()]);
  const shard = Math.floor(order[0]! / 1500);
  expect([...order.subarray(0, 1024)].every((i) => Math.floor(i / 1500) === shard && i % 1500 < 1024)).toBe(
    true,
  );
  expect(source.order(0, random(1))).toEqual(order);
  await source.close();
});

test("Parquet as Hugging Face writes it: the same images, classes by their names", async () => {
  const folder = join(root, "parquet");
  mkdirSync(folder);
  const labels = jpegs.map((_, n) => n % 3);
  const classes = ["ant", "bee", "cat"];
  for (const [i, part] of [0, 6].entries())
    writeFileSync(
      join(folder, `train-0000${i}-of-00002.parquet`),
      imageParquet(jpegs.slice(part, part + 6), labels.slice(part, part + 6), { classes, struct: i === 1 }),
    );
  const source = await ImageShards.open(folder, options);
  expect([source.count, source.classes]).toEqual([12, classes]);
  const found = await collect(source);
  const images = found.flatMap((batch) => batch.images);
  expect(images.toSorted((a, b) => a - b)).toEqual([...Array(12).keys()]);
  expect(found.flatMap((batch) => batch.labels)).toEqual(images.map((n) => n % 3));
  await sharedAlike(source);
  await source.close();
  truncateSync(join(folder, "train-00001-of-00002.parquet"), 300);
  await expect(ImageShards.open(folder, options)).rejects.toThrow(
    "train-00001-of-00002.parquet: it is cut off, or no Parquet file; fetch it again",
  );
  const rest = await ImageShards.open(folder, { ...options, damaged: "skip" });
  expect(rest.count).toBe(6);
  await rest.close();
});

test("an archive that is cut off, and an image that is none, are named by file and record, or skipped and counted", async () => {
  const folder = archives("damaged");
  const files = [0, 1, 2, 3].flatMap(
    (i) =>
      [
        [`${i}.jpg`, i === 2 ? "damaged" : jpegs[i]!],
        [`${i}.cls`, "1"],
      ] as const,
  );
  writeFileSync(join(folder, "some-train-000.tar"), tarOf(files));
  const strict = await ImageShards.open(folder, options);
  await expect(collect(strict, { batchSize: 12 })).rejects.toThrow("some-train-000.tar, record 2.jpg: ");
  await strict.close();
  const source = await ImageShards.open(folder, { ...options, damaged: "skip" });
  const found = await collect(source);
  expect(found.flatMap((batch) => batch.images)).toHaveLength(11);
  expect(found.flatMap((batch) => batch.labels)).toHaveLength(11);
  expect([...source.damaged!]).toEqual([2]);
  const [own, others] = [0, 1].map((rank) => ({ batchSize: 12, share: { rank, size: 2 } }));
  const parts = [...(await collect(source, own)), ...(await collect(source, others))];
  expect(parts.map(({ images }) => images.length).toSorted()).toEqual([5, 6]);
  expect(parts.flatMap(({ images }) => images)).toEqual(
    (await collect(source, { batchSize: 12 }))[0]!.images,
  );
  for await (const { images } of batches(source, {
    ...{ batchSize: 6, shuffle: true, random: random(3), augment: { mixup: 1 } },
  })) {
    using greens = scope(() => images.narrow(1, 1, 1).flatten(1).mean([1])); // 90 in all images that can be read
    for (const green of greens.numbers()) expect(255 * green).toBeCloseTo(90, -1);
  }
  expect((await imageSetOf(source)).count).toBe(11);
  await source.close();
  truncateSync(join(folder, "some-train-001.tar"), 3000);
  const cut = ImageShards.open(folder, options);
  await expect(cut).rejects.toThrow(
    /some-train-001\.tar: record \d.*the archive is cut off.*data\.damaged to skip/,
  );
  const rest = await ImageShards.open(folder, { ...options, damaged: "skip" });
  expect(rest.count).toBeGreaterThan(8);
  expect(rest.count).toBeLessThan(12);
  await rest.close();
});

test("records without an image are left out and counted; a mask beside an image is not the image", async () => {
  const folder = join(root, "left-out");
  mkdirSync(folder);
  const [first, mask, depth, second, third] = jpegs as [Buffer, Buffer, Buffer, Buffer, Buffer];
  const files: (readonly [string, Buffer | string])[] = [
    ...([
      ["a.jpg", first],
      ["a.mask.png", mask],
      ["a.cls", "1"],
    ] as const),
    ...([
      ["b.txt", "words"],
      ["b.cls", "1"],
    ] as const),
    ...([
      ["c.depth.png", depth],
      ["c.jpg", second],
      ["c.cls", "1"],
    ] as const),
    ...([
      ["d.scan.jpg", third],
      ["d.cls", "1"],
    ] as const),
  ];
  writeFileSync(join(folder, "train.tar"), tarOf(files));
  const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const source = await ImageShards.open(folder, options);
  const lines = said.mock.calls.flat();
  said.mockRestore();
  expect(lines).toEqual([`${join(folder, "train.tar")}: 1 record left out, no image: b\n`]);
  const [all] = await collect(source, { batchSize: 3 });
  expect(all!.images.toSorted()).toEqual([0, 3, 4]);
  await source.close();
});

test("a folder without shards of a split, and records without a label, say what was expected", async () => {
  await expect(ImageShards.open(root, options)).rejects.toThrow(
    "no .tar or .parquet file with train in its name",
  );
  const folder = join(root, "unlabelled");
  mkdirSync(folder);
  writeFileSync(join(folder, "train.tar"), tarOf([["a.jpg", jpegs[0]!]]));
  await expect(ImageShards.open(folder, options)).rejects.toThrow(
    "record a: expected its label in .cls or .json",
  );
  writeFileSync(
    join(folder, "train.tar"),
    tarOf([
      ["a.cls", "cat"],
      ["a.jpg", jpegs[0]!],
    ]),
  );
  await expect(ImageShards.open(folder, options)).rejects.toThrow(
    'expected a label, a whole number from 0, got "cat"',
  );
  writeFileSync(
    join(folder, "train.tar"),
    tarOf([
      ["a.jpg", jpegs[0]!],
      ["a.cls", "1"],
      ["a.png", jpegs[1]!],
    ]),
  );
  await expect(ImageShards.open(folder, options)).rejects.toThrow(
    "record a: expected one image, found a.jpg and a.png",
  );
  const parquet = join(root, "null");
  mkdirSync(parquet);
  writeFileSync(join(parquet, "train.parquet"), imageParquet(jpegs.slice(0, 3), [0, null, 1]));
  await expect(ImageShards.open(parquet, options)).rejects.toThrow(
    "row 1: expected a whole number in label, got null",
  );
});
