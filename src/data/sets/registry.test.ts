import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { datasets, openDataset, openSource } from "./registry.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-registry-"));
});
afterAll(() => rm(root, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

/** An IDX pair of `n` images of one pixel, with labels 0, 1, … */
async function writeIdx(folder: string, n: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const images = Buffer.from([0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, 1, 0, 0, 0, 1, ...Array(n).keys()]);
  const labels = Buffer.from([0, 0, 8, 1, 0, 0, 0, n, ...Array(n).keys()]);
  await writeFile(join(folder, "t10k-images-idx3-ubyte"), images);
  await writeFile(join(folder, "t10k-labels-idx1-ubyte"), labels);
}

test("a set is looked for in DIR/NAME, then DIR; DIR is the option, else VITRINE_DATA", async () => {
  await writeIdx(join(root, "a", "mnist"), 2);
  await writeIdx(join(root, "a"), 3);
  await writeIdx(join(root, "b"), 4);
  const count = async (dir?: string) =>
    (await openDataset("mnist", { split: "test", ...(dir === undefined ? {} : { dir }) })).count;
  expect(await count(join(root, "a"))).toBe(2);
  expect(await count(join(root, "b"))).toBe(4);
  vi.stubEnv("VITRINE_DATA", join(root, "b"));
  expect(await count()).toBe(4);
  expect(await count(join(root, "a"))).toBe(2);
});

test("torchvision's folders are found", async () => {
  const labels = Buffer.of(0, 0, 8, 1, 0, 0, 0, 1, 7);
  const images = Buffer.of(0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 200);
  for (const [name, folder] of [
    ["mnist", "MNIST"],
    ["fashion-mnist", "FashionMNIST"],
  ] as const) {
    const raw = join(root, "torchvision", folder, "raw");
    await mkdir(raw, { recursive: true });
    await writeFile(join(raw, "t10k-images-idx3-ubyte"), images);
    await writeFile(join(raw, "t10k-labels-idx1-ubyte"), labels);
    const set = await openDataset(name, { split: "test", dir: join(root, "torchvision") });
    expect([set.name, ...set.labels, ...set.images]).toEqual([name, 7, 200]);
  }
});

test("what is missing or unknown says where it was looked for and what to do", async () => {
  const open = (name: string, dir?: string) =>
    openDataset(name, { split: "train", ...(dir === undefined ? {} : { dir }) });
  const at = join(root, "nothing");
  await expect(open("cifar100", at)).rejects.toThrow(
    `cifar100: not found in ${at}/cifar100 or ${at}; run "vitrine data get cifar100", or say where it is with --data.dir or VITRINE_DATA`,
  );
  await expect(open("mnsit")).rejects.toThrow('unknown data set "mnsit" (did you mean "mnist"?)');
  await expect(open("folder")).rejects.toThrow("folder: no path");
  await expect(open("folder:")).rejects.toThrow("folder: no path");
  await expect(open(`folder:${at}`)).rejects.toThrow("is missing; expected a folder");
  await mkdir(join(root, "compact", "cifar10"), { recursive: true });
  await writeFile(join(root, "compact", "cifar10", "test_batch.med.gz"), "");
  await expect(open("cifar10", join(root, "compact"))).rejects.toThrow("unpack.mjs OUT");
});

test("every set that needs no files opens with what the list says of it", async () => {
  for (const name of ["digits", "synthetic"]) {
    const info = datasets().find((set) => set.name === name)!;
    for (const split of ["train", "test"] as const) {
      const set = await openDataset(name, { split });
      expect([set.count, set.channels, set.classes.length]).toEqual([
        info.count[split],
        info.channels,
        info.classes,
      ]);
    }
  }
});

test("synthetic images depend on the options and the split, on nothing else", async () => {
  const options = { split: "train", imageSize: 8, classes: 4, channels: 1, count: 10 } as const;
  const set = await openDataset("synthetic", options);
  expect(set).toMatchObject({ count: 10, channels: 1, height: 8, width: 8 });
  expect([...set.labels]).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1]);
  expect((await openDataset("synthetic", options)).images).toEqual(set.images);
  expect((await openDataset("synthetic", { ...options, split: "test" })).images).not.toEqual(set.images);
  await expect(openDataset("synthetic", { split: "train", classes: 1 })).rejects.toThrow(
    "classes is 1, expected",
  );
});

test("a folder by path, by dir, or by a name in the folder of data sets; in memory or as a source", async () => {
  for (const split of ["train", "test"]) {
    await mkdir(join(root, "pets", split, "cat"), { recursive: true });
    const red = sharp({ create: { width: 9, height: 9, channels: 3, background: "#ff0000" } });
    await writeFile(join(root, "pets", split, "cat", "1.png"), await red.png().toBuffer());
  }
  const set = await openDataset(`folder:${join(root, "pets")}`, { split: "train", imageSize: 4 });
  expect(set).toMatchObject({ count: 1, channels: 3, height: 4, width: 4, classes: ["cat"] });
  expect([set.images[0], set.images[16]]).toEqual([255, 0]);
  for (const [name, dir] of [
    ["folder", join(root, "pets")],
    ["folder:pets", root],
  ] as const) {
    const source = await openSource(name, { dir, split: "test", imageSize: 4, workers: 1 });
    expect(await source.load([0])).toEqual(set.images);
    await source.close();
  }
});
