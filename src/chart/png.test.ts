/** @file The PNG is read back by another decoder. */

import sharp from "sharp";
import { expect, it } from "vitest";
import { pngDataUri } from "./png.ts";

it("is read back as the same pixels", async () => {
  const pixels = Uint8Array.from({ length: 7 * 5 }, (_, i) => (i * 37) & 255);
  const uri = pngDataUri(pixels, 7, 5);
  const png = Buffer.from(uri.replace("data:image/png;base64,", ""), "base64");
  const { data, info } = await sharp(png).extractChannel(0).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([7, 5]);
  expect([...data]).toEqual([...pixels]);
});

it("is read back in colour", async () => {
  const pixels = Uint8Array.from({ length: 7 * 5 * 3 }, (_, i) => (i * 37) & 255);
  const png = Buffer.from(pngDataUri(pixels, 7, 5).replace("data:image/png;base64,", ""), "base64");
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([7, 5, 3]);
  expect([...data]).toEqual([...pixels]);
});

it("refuses pixels that do not fit", () => {
  expect(() => pngDataUri(new Uint8Array(5), 2, 3)).toThrow(/2 × 3 pixels cannot have 5/);
});
