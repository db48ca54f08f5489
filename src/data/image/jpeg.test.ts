import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Box } from "../augment/box.ts";
import { jpegHeader, plainJpeg } from "./jpeg.ts";
import { cut } from "./picture.ts";
import { readImage } from "./read.ts";

interface File {
  name: string;
  width: number;
  height: number;
  file: string;
  rgb: string;
}

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));
const fixture = (name: string): File[] =>
  JSON.parse(readFileSync(new URL(`../../../test/images/${name}.json`, import.meta.url), "utf8")).files;
const JPEGS = fixture("jpeg").map(({ file, rgb, ...rest }) => ({
  ...rest,
  file: bytes(file),
  rgb: bytes(rgb),
}));

/** Boxes at each corner and edge, at odd and even places, and the whole. */
function boxes(width: number, height: number): Box[] {
  const along = (length: number): [from: number, count: number][] => [
    [0, length],
    [0, 1],
    [length - 1, 1],
    [1, length - 2],
    [length >> 1, (length >> 1) - 1],
    [(length >> 1) - 1, 2],
  ];
  return along(height).flatMap(([top, tall]) =>
    along(width).map(([left, wide]) => ({ top, left, height: tall, width: wide })),
  );
}

test("boxes of plain JPEGs have Pillow's bytes, with each way of storing chroma and with restarts", () => {
  for (const { name, width, height, file, rgb } of JPEGS)
    for (const box of boxes(width, height)) {
      const found = plainJpeg(file, jpegHeader(file)!, box);
      expect(found, `${name} ${JSON.stringify(box)}`).toEqual(
        cut({ width, height, channels: 3, data: rgb }, box),
      );
    }
});

test("what is no plain JPEG, or is cut off anywhere, is left to libvips", async () => {
  const whole = { left: 0, top: 0, width: 9, height: 9 };
  for (const { name, file } of fixture("read")) {
    const header = { width: 9, height: 9, channels: 3, progressive: false } as const;
    if (/^(progressive|cmyk|ycck)/.test(name))
      expect(plainJpeg(bytes(file), header, whole), name).toBeUndefined();
  }
  for (const { name, width, file } of JPEGS) {
    const box = { left: 0, top: 0, width, height: 1 };
    for (let length = 0; length < file.length; length++)
      expect(plainJpeg(file.slice(0, length), jpegHeader(file)!, box), `${name}, ${length}`).toBeUndefined();
  }
  const { file } = JPEGS[0]!;
  await expect(readImage(file.slice(0, file.length / 2))).rejects.toThrow(/./);
});

test("a changed byte is read as libvips reads it, or left to it", async () => {
  let read = 0;
  for (const { name, width, height, file } of JPEGS.slice(1, 5))
    for (let at = 2; at < file.length; at += 97) {
      const changed = Uint8Array.from(file);
      changed[at]! ^= 1 << (at % 8);
      const header = jpegHeader(changed);
      if (header?.width !== width || header.height !== height) continue;
      const plain = plainJpeg(changed, header, { left: 0, top: 0, width, height });
      if (plain === undefined) continue;
      read++;
      expect(plain.data, `${name}, byte ${at}`).toEqual(await byLibvips(changed));
    }
  expect(read).toBeGreaterThan(10);
});

async function byLibvips(file: Uint8Array): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp");
  return new Uint8Array(await sharp(file, { failOn: "none" }).toColourspace("srgb").raw().toBuffer());
}
