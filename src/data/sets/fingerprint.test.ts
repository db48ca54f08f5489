/** @file A fingerprint sees every byte below 1 GiB, and says where it does not. */

import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { filesFingerprint, imagesFingerprint, isSampled } from "./fingerprint.ts";
import { syntheticSet } from "./synthetic.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine print-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const set = syntheticSet({ split: "train", size: 8, count: 900 });

it("one byte of any image is seen", () => {
  const first = imagesFingerprint(set);
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  for (const at of [0, 192 + 7, set.images.length / 2 + 1, set.images.length - 1]) {
    const images = set.images.slice();
    images[at]! ^= 1;
    expect(imagesFingerprint({ ...set, images })).not.toBe(first);
  }
});

it("so is one of any file, wherever it lies in it", () => {
  const files = Array.from({ length: 90 }, (_, i) => `${i}.png`);
  const bytes = (last: number) => Uint8Array.from({ length: 5001 }, (_, i) => (i === 5000 ? last : i % 7));
  for (const file of files) writeFileSync(join(folder, file), bytes(0));
  const first = filesFingerprint(set, folder, files);
  for (const file of ["0.png", "1.png", "44.png", "89.png"]) {
    writeFileSync(join(folder, file), bytes(1));
    expect(filesFingerprint(set, folder, files)).not.toBe(first);
    writeFileSync(join(folder, file), bytes(0));
  }
  expect(filesFingerprint(set, folder, files)).toBe(first);
  expect(isSampled(first)).toBe(false);
});

it("of more than 1 GiB a sample is compared, and it says so", () => {
  writeFileSync(join(folder, "large.png"), "begin");
  truncateSync(join(folder, "large.png"), 2 ** 30 + 1); // a hole: it takes no room on the disk
  writeFileSync(join(folder, "small.png"), "small");
  const print = () => filesFingerprint(set, folder, ["large.png", "small.png"]);
  const first = print();
  expect(isSampled(first)).toBe(true);
  writeFileSync(join(folder, "small.png"), "smell");
  expect(print()).not.toBe(first);
});
