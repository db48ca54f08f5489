import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, expect, test } from "vitest";
import { imagePaths, readPicture } from "./picture.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine picture-"));
afterAll(() => rmSync(root, { recursive: true }));

test("an image is made grey and brought to a size as Pillow does it with Lanczos", async () => {
  const data = Uint8Array.from({ length: 4 * 3 * 3 }, (_, i) => 31 * i * i + 17 * i);
  const path = join(root, "small.png");
  await sharp(data, { raw: { width: 4, height: 3, channels: 3 } })
    .png()
    .toFile(path);
  // Image.open(path).convert("L").resize((7, 2), Image.LANCZOS)
  expect(await readPicture(path, { channels: 1, size: [2, 7] })).toEqual({
    ...{ width: 7, height: 2, channels: 1 },
    data: Uint8Array.of(65, 46, 40, 101, 160, 151, 130, 96, 92, 100, 153, 165, 101, 52),
  });
});

test("the images of a folder are sorted by code points; one that is none is named", async () => {
  const folder = join(root, "folder");
  mkdirSync(folder);
  for (const name of ["🍎.png", "ａ.BMP", "b.tif", "notes.txt"]) writeFileSync(join(folder, name), "none");
  expect(imagePaths(folder)).toEqual(["b.tif", "ａ.BMP", "🍎.png"].map((name) => join(folder, name)));
  await expect(readPicture(join(folder, "ａ.BMP"))).rejects.toThrow("ａ.BMP: cannot be read as an image");
});
