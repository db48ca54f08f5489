import { mkdtempSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, expect, test } from "vitest";
import { random, scope } from "../tensor/index.ts";
import { around, randomBox, randomBoxes } from "./augment/box.ts";
import { batches } from "./batches.ts";
import { ImageFolder } from "./sets/folder.ts";
import type { Share } from "./share.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine-views-"));
afterAll(() => rmSync(root, { recursive: true }));

/** Five images three times as wide as high: red grows along the columns, green along the rows, blue tells which it is. */
async function wideImages(): Promise<ImageFolder> {
  const [width, height] = [96, 32];
  for (let i = 0; i < 5; i++) {
    const data = new Uint8Array(3 * width * height);
    for (let y = 0, at = 0; y < height; y++)
      for (let x = 0; x < width; x++, at += 3) data.set([2.5 * x, 8 * y, 40 * i], at);
    const folder = join(root, "train", i < 3 ? "a" : "b");
    await mkdir(folder, { recursive: true });
    const image = sharp(data, { raw: { width, height, channels: 3 } });
    await (i % 2 === 0 ? image.jpeg({ quality: 95 }) : image.png()).toFile(
      join(folder, i % 2 === 0 ? `${i}.jpg` : `${i}.png`),
    );
  }
  return ImageFolder.open(root, { split: "train", imageSize: 16, workers: 1 });
}

const kinds = [
  { count: 2, size: 16, scale: [0.5, 1] },
  { count: 3, size: [8, 6], scale: [0.05, 0.2] },
] as const;
const options = { batchSize: 5, shuffle: true, views: kinds, random: random(4) };

test("views are cut out of whole images, not their central squares, and are those of the stream alone", async () => {
  const source = await wideImages();
  const views = async (share?: Share) => {
    for await (const batch of batches(source, { ...options, ...(share && { share }) })) {
      const [large, small] = batch.views!;
      return scope(() => ({
        shapes: [large!.shape, small!.shape],
        first: batch.images.numbers(),
        large: large!.reshape([2, large!.size(0) / 2, -1]).toArray() as number[][][],
        reds: small!
          .select(1, 0)
          .reshape([small!.size(0), -1])
          .mean([1])
          .numbers(),
      }));
    }
    throw new Error("no batch");
  };
  const whole = await views();
  expect(whole.shapes).toEqual([
    [10, 3, 16, 16],
    [15, 3, 8, 6],
  ]);
  expect(whole.first).toEqual(whole.large[0]!.flat());
  // a central square of 96 columns has reds of 80 to 157
  const columns = whole.reds.map((red) => (255 * red) / 2.5);
  expect(Math.min(...columns)).toBeLessThan(20);
  expect(Math.max(...columns)).toBeGreaterThan(75);
  const parts = [await views({ rank: 0, size: 2 }), await views({ rank: 1, size: 2 })];
  for (const i of [0, 1]) expect(parts.flatMap(({ large }) => large[i]!)).toEqual(whole.large[i]);
  const both = batches(source, { ...options, augment: { flip: true } }).next();
  await expect(both).rejects.toThrow("expected views or augment, got both");
  await source.close();
});

test("an image's boxes are drawn one after the other, and lie in the least box around them", () => {
  const boxes = randomBoxes(40, 60, kinds, random(7)).map(({ box }) => box);
  const stream = random(7);
  expect(boxes).toEqual(
    kinds.flatMap(({ count, scale }) =>
      Array.from({ length: count }, () => randomBox(40, 60, scale, [3 / 4, 4 / 3], stream)),
    ),
  );
  const { top, left, height, width } = around(boxes);
  const edges = (of: (box: (typeof boxes)[number]) => number) => boxes.map(of);
  expect(top).toBe(Math.min(...edges((box) => box.top)));
  expect(left + width).toBe(Math.max(...edges((box) => box.left + box.width)));
  expect(top + height).toBe(Math.max(...edges((box) => box.top + box.height)));
  expect(left).toBe(Math.min(...edges((box) => box.left)));
});
