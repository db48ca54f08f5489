import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { native } from "../../tensor/native.ts";
import type { Box } from "../augment/box.ts";
import { jpegBox, jpegHeader } from "./jpeg.ts";
import { cut, type Picture } from "./picture.ts";
import { readImage } from "./read.ts";

interface File {
  name: string;
  width: number;
  height: number;
  file: string;
  rgb?: string;
  sha256?: string;
}

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));
const fixture = (name: string): File[] =>
  JSON.parse(readFileSync(new URL(`../../../test/images/${name}.json`, import.meta.url), "utf8")).files;
const JPEGS = fixture("jpeg").map((one) => ({ ...one, file: bytes(one.file) }));

/** Boxes are cut by libjpeg-turbo where set-up found it, and else by libvips from the whole. */
const found = native().decodeJpeg !== undefined;

/** Boxes at each corner and edge, at odd and even places, across the borders of blocks, and the whole. */
function boxes(width: number, height: number): Box[] {
  const along = (length: number): [from: number, count: number][] =>
    [
      ...([
        [0, length],
        [0, 1],
        [length - 1, 1],
        [1, length - 2],
      ] as const),
      ...([
        [length >> 1, (length >> 1) - 1],
        [(length >> 1) - 1, 2],
        [length - 17, 16],
        [length - 9, 7],
      ] as const),
    ].filter(([from, count]) => from >= 0 && count > 0) as [number, number][];
  return along(height).flatMap(([top, tall]) =>
    along(width).map(([left, wide]) => ({ top, left, height: tall, width: wide })),
  );
}

test("boxes have the bytes of Pillow's whole image, with each way of storing chroma and with restarts", async () => {
  for (const { name, width, height, file, rgb, sha256 } of JPEGS) {
    const whole: Picture = rgb ? { width, height, channels: 3, data: bytes(rgb) } : await readImage(file);
    if (sha256) expect(createHash("sha256").update(whole.data).digest("hex"), name).toBe(sha256);
    for (const box of boxes(width, height))
      expect(await readImage(file, () => box), `${name} ${JSON.stringify(box)}`).toEqual(cut(whole, box));
  }
});

test.runIf(found)("damage anywhere in a file, outside of the box too, is left to libvips", async () => {
  for (const { name, width, file } of JPEGS.slice(0, 7)) {
    const box = { left: 0, top: 0, width, height: 1 };
    expect(jpegBox(file, jpegHeader(file)!, box), name).toBeDefined();
    for (let length = 0; length < file.length - 2; length++) {
      const header = jpegHeader(file.slice(0, length)) ?? jpegHeader(file)!;
      expect(jpegBox(file.slice(0, length), header, box), `${name}, ${length}`).toBeUndefined();
    }
  }
  const { file } = JPEGS[0]!;
  await expect(readImage(file.slice(0, file.length / 2))).rejects.toThrow(/./);
});

test.runIf(found)("a changed byte is read as libvips reads it, or left to it", async () => {
  let read = 0;
  for (const { name, width, height, file } of JPEGS.slice(1, 5))
    for (let at = 2; at < file.length; at += 97) {
      const changed = Uint8Array.from(file);
      changed[at]! ^= 1 << (at % 8);
      const header = jpegHeader(changed);
      if (header?.width !== width || header.height !== height) continue;
      const box = jpegBox(changed, header, { left: 0, top: 0, width, height });
      if (box === undefined) continue;
      read++;
      expect(box.data, `${name}, byte ${at}`).toEqual(await byLibvips(changed));
    }
  expect(read).toBeGreaterThan(10);
});

async function byLibvips(file: Uint8Array): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp");
  return new Uint8Array(await sharp(file, { failOn: "none" }).toColourspace("srgb").raw().toBuffer());
}
