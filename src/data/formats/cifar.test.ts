import { mkdir, mkdtemp, open, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readCifar } from "./cifar.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-cifar-"));
});
afterAll(() => rm(root, { recursive: true }));

/** A file of the right size, all zeros but for the bytes given: sparse, so it costs nothing. */
async function sparse(path: string, size: number, bytes: Record<number, number> = {}): Promise<void> {
  const file = await open(path, "w");
  await file.truncate(size);
  for (const [at, value] of Object.entries(bytes)) await file.write(Buffer.of(value), 0, 1, Number(at));
  await file.close();
}

const ten = Array.from({ length: 10 }, (_, i) => `class ${i}`);
const hundred = Array.from({ length: 100 }, (_, i) => `class ${i}`);

test("cifar10: one label byte, then the planes; from the folder or its parent", async () => {
  const folder = join(root, "ten", "cifar-10-batches-bin");
  await mkdir(folder, { recursive: true });
  const last = 9_999 * 3073;
  await sparse(join(folder, "test_batch.bin"), 30_730_000, {
    0: 3,
    1: 158,
    3072: 9,
    [last]: 7,
    [last + 1 + 1024]: 77,
  });
  await writeFile(join(folder, "batches.meta.txt"), "airplane\nb\nc\ncat\ne\nf\ng\nh\ni\ntruck\n\n");
  for (const dir of [folder, join(root, "ten")]) {
    const set = await readCifar(dir, "cifar10", "test", ten);
    expect(set).toMatchObject({ count: 10_000, channels: 3, height: 32, width: 32 });
    expect([set.labels[0], set.labels[1], set.labels[9_999]]).toEqual([3, 0, 7]);
    expect([set.images[0], set.images[3071], set.images[9_999 * 3072 + 1024]]).toEqual([158, 9, 77]);
    expect(set.classes[3]).toBe("cat");
  }
  await truncate(join(folder, "test_batch.bin"), 30_720_000);
  await expect(readCifar(folder, "cifar10", "test", ten)).rejects.toThrow(
    'cifar10: file test_batch.bin has 30720000 bytes, expected 30730000; delete it and run "vitrine data get cifar10"',
  );
  await expect(readCifar(folder, "cifar10", "train", ten)).rejects.toThrow("no file data_batch_1.bin in");
});

test("cifar100: the second label byte is the class", async () => {
  const folder = join(root, "hundred");
  await mkdir(folder);
  await sparse(join(folder, "test.bin"), 30_740_000, { 0: 19, 1: 99, 2: 5, 3074: 1, 3075: 42 });
  const set = await readCifar(folder, "cifar100", "test", hundred);
  expect([set.labels[0], set.labels[1], set.images[0]]).toEqual([99, 42, 5]);
  expect(set.classes[99]).toBe("class 99");
  await sparse(join(folder, "test.bin"), 30_740_000, { 3075: 100 });
  await expect(readCifar(folder, "cifar100", "test", hundred)).rejects.toThrow(
    "label out of range: image 1 has 100, expected 0 to 99",
  );
});

test("the compact form is recognised, and what to do is said", async () => {
  const folder = join(root, "compact");
  await mkdir(folder);
  await writeFile(join(folder, "test_batch.med.gz"), "");
  await expect(readCifar(folder, "cifar10", "test", ten)).rejects.toThrow("unpack.mjs OUT");
});
