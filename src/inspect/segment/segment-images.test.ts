/** @file `vitrine segment` as a whole: pictures of each kind, and scores where there are masks. */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quietly, tiny } from "../../../test/tiny.ts";
import { openModel, trainRun } from "../../method/index.ts";
import { scope } from "../../tensor/index.ts";
import { type SegmentOptions, segmentImages } from "./segment-images.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine-segment-"));
const [run, images, masks] = ["run", "images", "masks"].map((name) => join(root, name)) as [
  string,
  string,
  string,
];
afterAll(() => rmSync(root, { recursive: true }));

/** A bright square on a dark ground, and the mask of it. */
async function square(name: string, left: number): Promise<void> {
  const part = (value: number) =>
    sharp({ create: { width: 8, height: 8, channels: 3, background: { r: value, g: value, b: value } } });
  const ground = (value: number) =>
    sharp({ create: { width: 24, height: 16, channels: 3, background: { r: value, g: value, b: value } } });
  const at = async (value: number) => [{ input: await part(value).png().toBuffer(), left, top: 4 }];
  await ground(40)
    .composite(await at(220))
    .png()
    .toFile(join(images, `${name}.png`));
  await ground(0)
    .composite(await at(255))
    .greyscale()
    .png()
    .toFile(join(masks, `${name}.png`));
}

beforeAll(async () => {
  mkdirSync(images);
  mkdirSync(masks);
  await square("left", 0);
  await square("right", 12);
  await trainRun(tiny(), quietly(run, { maxSteps: 2 }));
});

const segment = (more: Partial<SegmentOptions>) =>
  segmentImages(run, images, { method: "attention", output: join(root, "out"), ...more });

test("attention of each head as PNG and SVG, and the best head's IoU by layer", async () => {
  const lines = await segment({ size: 16, masks });
  expect(lines[0]).toBe("mIoU of the best head, % (2 images)");
  const [, score] = /layer {2}1 +([\d.]+)/.exec(lines[1]!)!;
  expect(Number(score)).toBeGreaterThan(0);
  expect(Number(score)).toBeLessThanOrEqual(100);
  const files = lines.slice(2);
  expect(files.map((file) => file.slice(root.length + 5))).toEqual(
    ["left", "right"].flatMap((name) => [`${name}-attention.png`, `${name}-attention.svg`]),
  );
  for (const file of files) expect(existsSync(file), file).toBe(true);
});

test("intervals of mIoU by resamples of the images, and of the difference to another model", async () => {
  const resampled = { masks, bootstrap: 200, seed: 1 };
  const lines = await segment({ ...resampled, against: [run] });
  expect(lines.slice(0, 6)).toEqual([
    "mIoU of the best head, % (2 images; 95 % of 200 resamples of them are within)",
    expect.stringMatching(/^layer {2}1 +[\d.]+ +[\d.]+ to +[\d.]+$/),
    expect.stringMatching(/^best +[\d.]+ +[\d.]+ to +[\d.]+$/),
    `mIoU above that of ${run}, points of %`,
    "layer  1     0.0     0.0 to    0.0", // the same model
    "best         0.0     0.0 to    0.0",
  ]);
  expect((await segment(resampled)).slice(0, 3)).toEqual(lines.slice(0, 3));
  const seeds = await segment({ ...resampled, with: [run, run], against: [run, run] });
  expect(seeds.slice(0, 3)).toEqual([
    "mIoU of the best head, % (2 images, 3 models; 95 % of 200 resamples of them are within)",
    expect.stringMatching(/^layer {2}1 /),
    expect.stringMatching(/^best /),
  ]);
  expect(seeds[1]!.slice(0, 16)).toBe(lines[1]!.slice(0, 16)); // the mean of a model and itself
  expect(seeds.slice(3, 6)).toEqual(lines.slice(3, 6).map((line) => line.replace(run, `${run}, ${run}`)));
  await expect(segment({ bootstrap: 200 })).rejects.toThrow(
    "--bootstrap: compares the mIoU of attention; give --masks",
  );
  await expect(segment({ masks, against: [run] })).rejects.toThrow(
    "--against: several models have an interval; give --bootstrap 1000",
  );
});

test("cuts find the bright square, whatever the weights", async () => {
  for (const method of ["tokencut", "maskcut"] as const) {
    const lines = await segment({ size: 32, method, masks, untrained: true });
    expect(lines[0]).toBe("average precision, % (2 images)");
    expect(lines).toHaveLength(5); // boxes, masks, two pictures
  }
});

test("colours are drawn for all images together and cannot be judged", async () => {
  for (const colours of ["paper", "code"] as const)
    expect(await segment({ size: 32, method: "pca", colours })).toHaveLength(2);
  await expect(segment({ method: "pca", masks })).rejects.toThrow(/--masks: colours are no masks/);
});

test("untrained weights are others, the same each time, at any size", () => {
  const first = (untrained: boolean) => {
    const { model } = openModel(run, { untrained, size: [16, 32] });
    try {
      return scope(() =>
        [...model.namedParameters().values()].flatMap((tensor) => tensor.flatten().numbers()),
      );
    } finally {
      model.dispose();
    }
  };
  expect(first(true)).toEqual(first(true));
  expect(first(true)).not.toEqual(first(false));
});

test("a size that is no multiple of the patch, a layer that is not there, no images: what to give instead", async () => {
  await expect(segment({ size: 18 })).rejects.toThrow(/multiple|divisible/);
  await expect(segment({ size: 4096 })).rejects.toThrow(
    /^--size: 1,048,576 patches make attention of [\d.]+ GiB, more than the memory here/,
  );
  await expect(segment({ layer: 5 })).rejects.toThrow("--layer: expected 1 to 1, received 5");
  await expect(segmentImages(run, join(root, "none"), { method: "pca", output: root })).rejects.toThrow(
    /none/,
  );
});
