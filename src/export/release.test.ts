/** @file Models by name: made from a run, the same again, and taken by every command that takes weights. */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { quietly, tiny } from "../../test/tiny.ts";
import { localFile } from "../data/index.ts";
import { inspectOnData } from "../inspect/inspect-data.ts";
import { segmentImages } from "../inspect/segment/segment-images.ts";
import { inspectRun } from "../inspect/view-run.ts";
import { trainRun } from "../method/index.ts";
import { memory } from "../tensor/index.ts";
import { exportModel } from "./index.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine release-"));
const at = (...names: string[]) => join(root, ...names);
afterAll(() => rmSync(root, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());
beforeAll(async () => {
  mkdirSync(at("photos"));
  const pixels = {
    create: { width: 16, height: 16, channels: 3, background: { r: 200, g: 80, b: 20 } },
  } as const;
  await sharp(pixels).png().toFile(at("photos", "one.png"));
  await trainRun(tiny({ "train.epochs": 1, "data.validation": 0.1 }), quietly(at("run")));
  await inspectRun(at("run"), { checkpoint: "best", samples: 20, split: "validation" });
});

const release = (output: string, precision?: "fp16" | "int8") =>
  exportModel(at("run"), {
    format: "release",
    output: at("models", output),
    ...(precision && { precision }),
  });

test("a run becomes a small folder with a card, twice the same bytes; halves are half as large", async () => {
  const before = memory().tensors;
  const made = await release("crate-tiny");
  expect(made).toMatchObject({ precision: "fp32", engines: ["libtorch, with the weights as written"] });
  for (const { relative } of made.differences) expect(relative).toBeLessThan(1e-5);
  expect(readdirSync(at("models", "crate-tiny")).sort()).toEqual(["README.md", "config.json", "model.safetensors", "preprocessor_config.json"]); // biome-ignore format: short
  const card = readFileSync(at("models", "crate-tiny", "README.md"), "utf8");
  for (const part of ["npx vitrine segment crate-tiny photo.jpg", "export runs/run --format release --output models/crate-tiny", "| measure | validation |", '"seed": 42', "Rᶜ"]) expect(card).toContain(part); // biome-ignore format: short
  expect(card).not.toContain("onnx");
  await release("again");
  const bytes = (name: string) => readFileSync(at("models", name, "model.safetensors"));
  expect(bytes("again").equals(bytes("crate-tiny"))).toBe(true);

  const halves = await release("halves", "fp16");
  expect(bytes("halves").length).toBeLessThan(0.7 * bytes("crate-tiny").length);
  const [worst] = halves.differences.map(({ relative }) => relative).sort((a, b) => b - a);
  expect(worst).toBeGreaterThan(1e-5);
  expect(worst).toBeLessThan(0.01);
  await expect(release("bytes", "int8")).rejects.toThrow(
    "--precision: release is written in fp32 or fp16, got int8",
  );
  expect(memory().tensors).toBe(before);
});

test.each(["crate-tiny", "halves"])(
  "%s is a model by its name: looked into, segmented, shown as a page",
  async (name) => {
    vi.stubEnv("VITRINE_MODELS", at("models"));
    const path = await localFile(name);
    expect(path).toBe(at("models", name));
    const { report } = await inspectOnData(path, at("photos"), { samples: 1, say: () => {} });
    expect(report.layers![0]!.after[0]!.authorsRate!.mean).toEqual(expect.any(Number));
    const pictures = await segmentImages(name, at("photos"), {
      method: "attention",
      output: at("segments", name),
    });
    expect(pictures.every((file) => existsSync(file))).toBe(true);
    await exportModel(name, { format: "page", output: at(`page-${name}`) });
    const { classes } = JSON.parse(readFileSync(at(`page-${name}`, "data", "run.json"), "utf8")) as { classes: string[] }; // biome-ignore format: short
    const { id2label } = JSON.parse(readFileSync(join(path, "config.json"), "utf8")) as { id2label: object };
    expect(classes).toEqual(Object.values(id2label));
  },
);

test("what is above 2 MB is refused, and nothing is left", async () => {
  const wide = { "model.dim": 512, "model.depth": 2, "train.epochs": 1 };
  await trainRun(tiny(wide), quietly(at("wide"), { maxSteps: 1 }));
  const made = exportModel(at("wide"), {
    format: "release",
    output: at("models", "wide"),
    precision: "fp32",
  });
  await expect(made).rejects.toThrow(
    /^wide: its weights take [\d.]+ MB in fp32, a release at most 2; --precision fp16 halves it$/,
  );
  const halves = exportModel(at("wide"), { format: "release", output: at("models", "wide") });
  await expect(halves).rejects.toThrow("MB in fp16, a release at most 2; train a smaller model");
  expect(existsSync(at("models", "wide"))).toBe(false);
});

test("what is here under a name comes first, and what is nowhere is told as it was given", async () => {
  vi.stubEnv("VITRINE_MODELS", at("models"));
  expect(await localFile(at("run"))).toBe(at("run"));
  expect(await localFile("crate-huge")).toBe("crate-huge");
  expect(await localFile("../models/crate-tiny")).toBe("../models/crate-tiny");
});
