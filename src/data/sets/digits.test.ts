import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readDigits } from "./digits.ts";

test("8,004 digits to train on and 1,996 others to test on, every class in the same proportion", async () => {
  const train = await readDigits("train");
  const again = await readDigits("test");
  expect([train.count, again.count]).toEqual([8004, 1996]);
  expect([...train.labels.subarray(0, 12)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
  for (let label = 0; label < 10; label++) {
    const share = (labels: Int32Array) => labels.filter((l) => l === label).length / labels.length;
    expect(Math.abs(share(train.labels) - share(again.labels))).toBeLessThan(0.001);
  }
  const key = (images: Uint8Array, i: number) => Buffer.from(images.buffer, i * 784, 784).toString("latin1");
  const seen = new Set(Array.from({ length: train.count }, (_, i) => key(train.images, i)));
  expect(Array.from({ length: again.count }, (_, i) => key(again.images, i)).some((k) => seen.has(k))).toBe(
    false,
  );
  expect(Math.max(...train.images.subarray(0, 784))).toBeGreaterThan(250);
  // MNIST's own first image of a nought in the package: 0.2 0.624 0.992 are 51 159 253
  const stroke = train.images.subarray(0, 784).findIndex((v) => v > 0);
  expect([...train.images.subarray(stroke, stroke + 5)]).toEqual([51, 159, 253, 159, 50]);
});

test("a missing package is an error that says what to do about its files", async () => {
  await expect(readDigits("train", tmpdir())).rejects.toThrow("0.json cannot be read");
});

test("texts of the package's form and other JSON give the same pixels; what is no pixel is refused", async () => {
  const root = mkdtempSync(join(tmpdir(), "vitrine-digits-"));
  const folder = join(root, "src", "digits");
  mkdirSync(folder, { recursive: true });
  const values = Array.from({ length: 10 * 784 }, (_, i) => Number(((i % 256) / 255).toFixed(3)));
  const write = (label: number, text: string) => writeFileSync(join(folder, `${label}.json`), text);
  for (let label = 0; label < 10; label++)
    write(label, label % 2 ? JSON.stringify({ data: values }) : `{ "data": [${values}]}`);
  try {
    const { images } = await readDigits("train", root);
    const expected = Uint8Array.from({ length: 784 }, (_, i) => i % 256);
    for (let i = 0; i < 10; i++) expect(images.subarray(i * 784, (i + 1) * 784)).toEqual(expected);
    for (const bad of ["1.2", "-0.1", "null", "1.001"]) {
      write(3, `{ "data": [${[bad, ...values.slice(1)]}]}`);
      await expect(readDigits("train", root)).rejects.toThrow(`3.json holds ${Number(bad) || bad}`);
    }
    for (const cut of ['{ "data": [0,0.5', '{ "data": [0,,1]}', ""]) {
      write(3, cut);
      await expect(readDigits("train", root)).rejects.toThrow("3.json cannot be read");
    }
  } finally {
    rmSync(root, { recursive: true });
  }
});
