import { readFileSync } from "node:fs";
import sharp from "sharp";
import { expect, test } from "vitest";
import { setUnpackLimit } from "../../base/unpack.ts";
import { scope, tensor } from "../../tensor/index.ts";
import { cropTo } from "../augment/augment.ts";
import { toSize } from "./decode.ts";
import { jpegHeader } from "./jpeg.ts";
import { cut, toGrey } from "./picture.ts";
import { readImage } from "./read.ts";
import { resample } from "./resample.ts";

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../test/images/${name}.json`, import.meta.url), "utf8"));
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));

interface File {
  name: string;
  file: string;
  width: number;
  height: number;
  rgb: string;
}

test("every format, colour space and depth has Pillow's bytes: profiles, gamma, alpha and orientation ignored", async () => {
  for (const { name, file, width, height, rgb } of fixture("read").files as File[])
    expect(await readImage(bytes(file)), name).toEqual({ width, height, channels: 3, data: bytes(rgb) });
});

test("a JPEG's header is read as libvips reads it, and nothing else is taken for one", async () => {
  for (const { name, file } of fixture("read").files as File[]) {
    const header = jpegHeader(bytes(file));
    const about = await sharp(bytes(file))
      .metadata()
      .catch(() => undefined);
    if (header === undefined) expect(about?.format === "jpeg" && about.space !== "cmyk", name).toBe(false);
    else {
      const { format, width, height, channels, isProgressive: progressive } = about!;
      expect([format, header], name).toEqual(["jpeg", { width, height, channels, progressive }]);
    }
  }
});

test("16-bit grey keeps its high byte", async () => {
  const values = Uint16Array.of(0, 255, 256, 30000, 65280, 65535);
  const png = await sharp(values, { raw: { width: 6, height: 1, channels: 1 } })
    .toColourspace("grey16")
    .png()
    .toBuffer();
  const high = (data: Uint8Array) => [...data].filter((_, i) => i % 3 === 0);
  expect(high((await readImage(png)).data)).toEqual([0, 0, 1, 117, 255, 255]);
  const pgm = Buffer.concat([Buffer.from("P5 2 1 65535\n"), Buffer.of(117, 48, 0, 255)]);
  expect(high((await readImage(pgm)).data)).toEqual([117, 0]);
});

test("runs of a bitmap may leave pixels out, and stop early", async () => {
  const { file } = (fixture("read").files as File[]).find(({ name }) => name === "rle8.bmp")!;
  const whole = bytes(file);
  const runs = [1, 1, 0, 2, 1, 1, 2, 2, 0, 1];
  const from = new DataView(whole.buffer).getUint32(10, true);
  const data = Uint8Array.of(...whole.subarray(0, from), ...runs);
  const palette = (i: number) => [2, 1, 0].map((c) => whole[54 + 4 * i + c]!);
  const rows = [
    [0, 0, 0, 0],
    [0, 0, 2, 2],
    [1, 0, 0, 0],
  ];
  expect([...(await readImage(data)).data]).toEqual(rows.flat().flatMap(palette));
});

test("what is cut, too large or of another kind is refused with the reason", async () => {
  const text = (value: string) => new TextEncoder().encode(value);
  const files = new Map((fixture("read").files as File[]).map(({ name, file }) => [name, bytes(file)]));
  const cut = (name: string, count: number) => files.get(name)!.subarray(0, count);
  const wide = Uint8Array.from(files.get("rgb.bmp")!);
  new DataView(wide.buffer).setUint32(18, 0x7fffffff, true);
  const odd = Uint8Array.from(files.get("rgb.bmp")!);
  odd[28] = 7;
  const far = Uint8Array.from(files.get("palette.gif")!);
  const frame = far.indexOf(0x2c, 13 + 3 * 2 ** ((far[10]! & 7) + 1));
  new DataView(far.buffer).setUint16(frame + 1, 0xff00, true); // left
  new DataView(far.buffer).setUint16(frame + 3, 0x1ff, true); // top
  const grey = { create: { width: 9000, height: 2000, channels: 3 as const, background: "#888" } };
  const blank = await sharp(grey).webp({ lossless: true, effort: 0 }).toBuffer();
  const cases: [string, Uint8Array, RegExp][] = [
    ["empty", text(""), /the file is empty/],
    ["text", text("hello, world"), /unsupported/],
    ["bitmap's pixels", cut("rgb.bmp", 60), /cut at byte 60, expected/],
    ["bitmap's header", cut("rgb.bmp", 20), /cut at byte 20, expected/],
    ["bitmap's runs", cut("rle8.bmp", files.get("rle8.bmp")!.length - 2), /cut at byte/],
    ["bitmap's size", wide, /2147483647 × 3 is more than 64 million pixels/],
    ["bitmap's bits", odd, /a bitmap of 7 bits/],
    ["pixel map", cut("rgb.ppm", 20), /cut at byte 20, expected/],
    ["size", text("P6 100000 100000 255\n"), /more than 64 million pixels/],
    ["no size", text("P5 0 4 255\n"), /0 × 4 is no size/],
    ["words", text("P2 2 1 255\n1 x"), /no number at byte 13/],
    ["above the greatest", text("P2 2 1 15\n1 16"), /a value of 16, expected 0 to 15/],
    ["png", cut("rgb.png", 60), /./],
    ["tiff", cut("rgb.tif", 40), /./],
    ["gif", cut("palette.gif", 14), /./],
    [
      "gif's frame",
      far,
      /\d+ × \d+ pixels take \d+ MiB of memory, the limit for a file of its size is 64 MiB; .*--unpack-limit/,
    ],
    ["webp of few bytes", blank, /9000 × 2000 pixels take 120 MiB/],
    ["bitmap of letters", text("P1 6000 4000 "), /6000 × 4000 pixels take 251 MiB/],
  ];
  for (const [name, file, reason] of cases) await expect(readImage(file), name).rejects.toThrow(reason);
});

test("an image of few bytes is read where --unpack-limit says so", async () => {
  const grey = { create: { width: 9000, height: 2000, channels: 3 as const, background: "#888" } };
  const file = await sharp(grey).webp({ lossless: true, effort: 0 }).toBuffer();
  setUnpackLimit(200 * 2 ** 20);
  try {
    expect(await readImage(file)).toMatchObject({ width: 9000, height: 2000 });
  } finally {
    setUnpackLimit(undefined);
  }
});

test("grey is Pillow's L", () => {
  const data = Uint8Array.of(255, 255, 255, 200, 30, 40, 1, 2, 3, 0, 0, 255, 255, 0, 0);
  const picture = { width: 5, height: 1, channels: 3 as const, data };
  expect([...toGrey(picture).data]).toEqual([255, 82, 2, 29, 76]);
});

interface Resized {
  kernel: "linear" | "cubic" | "lanczos";
  channels: 1 | 3;
  width: number;
  height: number;
  to: [number, number];
  bytes: string;
}

test("resized up and down, by every kernel, is Pillow's to the byte, and so is a part of it", () => {
  for (const { kernel, channels, width, height, to, bytes: expected } of fixture("resample")
    .cases as Resized[]) {
    const data = Uint8Array.from({ length: width * height * channels }, (_, i) => 31 * i * i + 17 * i);
    const picture = { width, height, channels, data };
    const [w, h] = to;
    const name = `${kernel} ${channels} × ${width} × ${height} to ${w} × ${h}`;
    const whole = resample(picture, w, h, kernel);
    expect(whole, name).toEqual({ width: w, height: h, channels, data: bytes(expected) });
    const part = { left: 1, top: 1, width: w - 2, height: h - 2 };
    const rows = Array.from({ length: h - 2 }, (_, y) => {
      const from = ((y + 1) * w + 1) * channels;
      return [...whole.data.subarray(from, from + (w - 2) * channels)];
    });
    expect([...resample(picture, w, h, kernel, part).data], name).toEqual(rows.flat());
  }
});

test("a box of a picture at a size is torchvision's resized_crop to the byte; the tensors' is within rounding", () => {
  const { height, width, cases } = fixture("resized-crop");
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => 31 * i * i + 17 * i);
  for (const { box, size, bytes: expected } of cases) {
    const [top, left, tall, wide] = box;
    const where = { top, left, height: tall, width: wide };
    expect(toSize(cut({ width, height, channels: 3, data }, where), size), String(box)).toEqual(
      bytes(expected),
    );
    scope(() => {
      const image = tensor(data, { shape: [1, height, width, 3] }).permute([0, 3, 1, 2]);
      const off = cropTo(image, [where], size)
        .flatten()
        .sub(tensor(bytes(expected)).to("float32"));
      expect(off.abs().max().item(), String(box)).toBeLessThan(1.01); // theirs is rounded twice
    });
  }
});
