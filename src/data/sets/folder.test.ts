import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeImage, resizedTo } from "../image/decode.ts";
import { ImageFolder } from "./folder.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-folder-"));
});
afterAll(() => rm(root, { recursive: true }));

function plain(r: number, g: number, b: number, width = 20, height = 30) {
  return sharp({ create: { width, height, channels: 3, background: { r, g, b } } });
}
async function write(path: string, bytes: Uint8Array | string): Promise<string> {
  const full = join(root, path);
  await mkdir(join(full, ".."), { recursive: true });
  await writeFile(full, bytes);
  return full;
}
const mean = (pixels: Uint8Array, c: number) => {
  const plane = pixels.subarray((c * pixels.length) / 3, ((c + 1) * pixels.length) / 3);
  return plane.reduce((a, b) => a + b, 0) / plane.length;
};

test("the shorter side becomes 256/224 of the size, the longer is truncated", () => {
  expect(resizedTo(500, 375, 224)).toEqual([341, 256]);
  expect(resizedTo(375, 500, 224)).toEqual([256, 341]);
  expect(resizedTo(32, 32, 32)).toEqual([37, 37]);
  // of two sides: the least that covers 32 · 8/7 rows and 64 · 8/7 columns
  expect(resizedTo(100, 100, [32, 64])).toEqual([73, 73]);
  expect(resizedTo(300, 100, [32, 64])).toEqual([111, 37]);
});

test("every colour space and depth ends as RGB", async () => {
  const files: Record<string, [Uint8Array, number[], number]> = {
    "rgb.png": [await plain(200, 100, 50).png().toBuffer(), [200, 100, 50], 0],
    "rgb.webp": [await plain(200, 100, 50).webp({ lossless: true }).toBuffer(), [200, 100, 50], 0],
    "palette.gif": [await plain(200, 100, 50).gif().toBuffer(), [200, 100, 50], 0],
    "rgb.jpg": [await plain(200, 100, 50).jpeg({ quality: 100 }).toBuffer(), [200, 100, 50], 3],
    "grey.jpg": [await plain(90, 90, 90).toColourspace("b-w").jpeg().toBuffer(), [90, 90, 90], 1],
    "deep.png": [await plain(200, 100, 50).toColourspace("rgb16").png().toBuffer(), [200, 100, 50], 1],
    "deep-grey.png": [await plain(90, 90, 90).toColourspace("grey16").png().toBuffer(), [90, 90, 90], 1],
    "clear.png": [await plain(200, 100, 50).ensureAlpha(0.5).png().toBuffer(), [200, 100, 50], 0],
    "cmyk.jpg": [await plain(255, 255, 255).toColourspace("cmyk").jpeg().toBuffer(), [255, 255, 255], 4],
  };
  for (const [name, [bytes, colour, tolerance]] of Object.entries(files)) {
    const pixels = await decodeImage(await write(`colours/${name}`, bytes), 16);
    expect(pixels.length, name).toBe(3 * 16 * 16);
    for (const [c, value] of colour.entries())
      expect(Math.abs(mean(pixels, c) - value), `${name} channel ${c}`).toBeLessThanOrEqual(tolerance + 1e-9);
  }
});

test("the crop is the centre of the resized image", async () => {
  // 70 × 35, black but for the right half: the centre 28 of the 32 × 64 resize splits evenly
  const right = await plain(255, 255, 255, 35, 35).png().toBuffer();
  const bytes = await plain(0, 0, 0, 70, 35)
    .composite([{ input: right, left: 35, top: 0 }])
    .png()
    .toBuffer();
  const pixels = await decodeImage(await write("crop/half[page=2].png", bytes), 28);
  expect([pixels[0], pixels[27], mean(pixels, 1)]).toEqual([0, 255, 127.5]);
});

test("a bright column of a small image is where it belongs once the image is enlarged", async () => {
  const column = Uint8Array.from({ length: 28 * 28 }, (_, i) => (i % 28 === 14 ? 255 : 0));
  const png = await sharp(column, { raw: { width: 28, height: 28, channels: 1 } })
    .png()
    .toBuffer();
  const row = (await decodeImage(await write("crop/column.png", png), 28)).slice(280, 308);
  // Pillow's Resize(32) and CenterCrop(28)
  expect([...row]).toEqual(Array.from({ length: 28 }, (_, x) => ({ 13: 16, 14: 239, 15: 48 })[x] ?? 0));
});

test("damaged, foreign and oversized files are refused with the reason", async () => {
  const jpeg = await plain(1, 2, 3, 300, 300).jpeg().toBuffer();
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>`;
  const bomb = await sharp({ create: { width: 8100, height: 8000, channels: 3, background: "red" } })
    .png({ compressionLevel: 1 })
    .toBuffer();
  const reason = async (name: string, bytes: Uint8Array | string) =>
    decodeImage(await write(`bad/${name}`, bytes), 16).then(
      () => "decoded",
      (error: Error) => error.message,
    );
  expect(await reason("cut.jpg", jpeg.subarray(0, jpeg.length / 2))).toMatch(/premature|truncated|end/i);
  expect(await reason("none.jpg", "")).toBe("the file is empty");
  expect(await reason("text.png", "not an image")).toMatch(/unsupported/);
  expect(await reason("drawing.png", svg)).toMatch(/unsupported|blocked/i);
  expect(await reason("bomb.png", bomb)).toMatch(/pixel/);
});

test("a folder lists its classes sorted, decodes by index in threads, and names a bad file", async () => {
  for (const [i, name] of ["b", "a", "__proto__"].entries()) {
    await write(
      `set/train/${name}/1.PNG`,
      await plain(10 * i, 0, 0)
        .png()
        .toBuffer(),
    );
    await write(
      `set/train/${name}/0.jpg`,
      await plain(10 * i, 255, 0)
        .jpeg()
        .toBuffer(),
    );
    await write(`set/train/${name}/notes.txt`, "not an image");
  }
  await write("set/validation/b/x.png", await plain(7, 8, 9).png().toBuffer());
  await write("set/classes.json", JSON.stringify({ a: "ant", b: "bee" }));
  const folder = ImageFolder.open(join(root, "set"), { split: "train", imageSize: 8, workers: 2 });
  expect(folder.classes).toEqual(["__proto__", "ant", "bee"]);
  expect(folder.files).toEqual([
    "__proto__/0.jpg",
    "__proto__/1.PNG",
    "a/0.jpg",
    "a/1.PNG",
    "b/0.jpg",
    "b/1.PNG",
  ]);
  expect([...folder.labels]).toEqual([0, 0, 1, 1, 2, 2]);
  const both = await Promise.all([folder.load([3, 1]), folder.load(Int32Array.of(5))]);
  expect([both[0][0], both[0][3 * 64], both[1][0]]).toEqual([10, 20, 0]);
  const all = await folder.loadAll();
  expect(all.images.subarray(3 * 192, 4 * 192)).toEqual(both[0].subarray(0, 192));

  const test = ImageFolder.open(join(root, "set"), { split: "test", imageSize: 8 });
  expect([test.classes.length, [...test.labels]]).toEqual([3, [2]]);
  expect(test.fingerprint()).not.toBe(folder.fingerprint());

  const before = folder.fingerprint();
  const bad = await write("set/train/a/1.PNG", "damaged");
  expect(folder.fingerprint()).not.toBe(before);
  await expect(folder.load([0, 3])).rejects.toThrow(`cannot read image ${bad}: `);
  await expect(folder.load([6])).rejects.toThrow("image 6 does not exist; there are 6");
  const skipping = ImageFolder.open(join(root, "set"), { split: "train", imageSize: 8, damaged: "skip" });
  expect((await skipping.load([3, 0])).subarray(192)).toEqual(all.images.subarray(0, 192));
  expect([[...skipping.damaged!], (await skipping.loadAll()).count]).toEqual([[3], 5]);
  await Promise.all([folder.close(), test.close(), skipping.close()]);
});

test("a wrong layout says what was expected", async () => {
  await write("flat/a/1.png", "");
  await write("empty/train/a/readme.txt", "");
  await write("strange/train/a/1.png", "");
  await write("strange/val/b/1.png", "");
  const open =
    (name: string, split: "train" | "test", imageSize = 8) =>
    () =>
      ImageFolder.open(join(root, name), { split, imageSize });
  expect(open("flat", "train")).toThrow("flat has no train/ for the train split");
  expect(open("flat", "test")).toThrow(
    "flat has no val/, valid/, validation/, dev/, test/ for the test split",
  );
  expect(open("nowhere", "test")).toThrow("nowhere is missing; expected a folder");
  expect(open("empty", "train")).toThrow("no images in");
  expect(open("strange", "test")).toThrow("class b of");
  expect(open("strange", "train", 0)).toThrow("imageSize is 0, expected a positive integer");
});
