/** @file What the commands draw and write from a run: pictures, features, clusters, distances. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UsageError } from "../src/base/errors.ts";
import { clusterFile } from "../src/evaluate/cluster/cluster-file.ts";
import { searchFile } from "../src/evaluate/search-file.ts";
import { fidelity } from "../src/inspect/fidelity.ts";
import { drawSamples, reconstructRun } from "../src/inspect/view-run.ts";
import { exportFeatures } from "../src/method/export-features.ts";
import { resolveRecipe } from "../src/method/recipe.ts";
import { trainRun } from "../src/method/train-run.ts";
import { quietly, tiny } from "./tiny.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine-pictures-"));
const run = (name: string) => join(root, name);
afterAll(() => rmSync(root, { recursive: true }));

/** A few steps on generated images of three channels. */
const recipe = (method: string, model: object) =>
  resolveRecipe([
    {
      origin: "test",
      values: {
        name: method,
        model,
        data: { name: "synthetic" },
        method: { name: method },
        train: { steps: 2, batchSize: 60, lr: 1e-3, threads: 1, device: "cpu" },
      },
    },
  ]).recipe;

beforeAll(async () => {
  const ctrl = recipe("ctrl", { name: "ctrl_cifar", width: 8, features: 16 });
  await trainRun(ctrl, quietly(run("ctrl")));
  await trainRun(recipe("generative", { name: "dcgan", width: 8, features: 16 }), quietly(run("dcgan")));
  await trainRun(tiny(), quietly(run("classifier"), { maxSteps: 1 }));
});

const view = { checkpoint: "last", split: "train", output: root } as const;
const size = async (path: string) => {
  const { width, height } = await sharp(path).metadata();
  return [width, height];
};

test("a run that reconstructs nothing is told so", async () => {
  await expect(reconstructRun(run("classifier"), { ...view, count: 4 })).rejects.toThrow(
    "reconstruct expects a run of ctrl, ictrl, mae, got one of supervised",
  );
});

test("a transcription has each image above what is made of it, eight in a row", async () => {
  const path = await reconstructRun(run("ctrl"), { ...view, count: 16 });
  expect(await size(path)).toEqual([8 * 66 - 2, 4 * 66 - 2]); // 32 pixels twice as large, and a gap
});

test("samples of classes, along a class's components, and between images", async () => {
  const options = { ...view, columns: 5, components: 3, seed: 1 };
  const rows = { classes: 10, traverse: 3, interpolate: 10 };
  for (const [kind, count] of Object.entries(rows)) {
    const path = await drawSamples(run("ctrl"), { ...options, kind: kind as keyof typeof rows });
    expect([kind, ...(await size(path))]).toEqual([kind, 5 * 66 - 2, count * 66 - 2]);
  }
  const path = await drawSamples(run("dcgan"), { ...options, kind: "classes" });
  expect(await size(path)).toEqual([5 * 66 - 2, 10 * 66 - 2]);
  await expect(drawSamples(run("dcgan"), { ...options, kind: "traverse" })).rejects.toThrow("noise alone");
  await expect(drawSamples(run("ctrl"), { ...options, kind: "classes", class: 11 })).rejects.toThrow(
    "0 to 9",
  );
  await expect(drawSamples(run("classifier"), { ...options, kind: "classes" })).rejects.toThrow(
    "sample expects a run of ctrl, generative, ictrl, got one of supervised",
  );
});

test("the distance of drawn images is one number each, in a classifier's space", async () => {
  const options = { checkpoint: "last", classifier: run("classifier"), count: 60, components: 3, seed: 1 };
  const found = await fidelity(run("ctrl"), options);
  for (const value of Object.values(found)) expect(value).toBeGreaterThan(0);
  expect(found.real).toBeLessThan(found.samples); // two steps draw nothing
  expect(Object.keys(await fidelity(run("dcgan"), options))).toEqual(["samples", "real"]);
  const shipped = await fidelity(run("ctrl"), { ...options, classifier: "crate-cifar10" });
  expect(shipped.real).toBeLessThan(shipped.samples);
  await expect(fidelity(run("ctrl"), { ...options, classifier: "crate-mnist" })).rejects.toThrow(
    "crate-mnist: expected a classifier of images with 3 channels",
  );
});

test("features go to a file; its rows are put in groups and searched", async () => {
  const file = join(root, "z.npz");
  const from = { checkpoint: "last", split: "test" } as const;
  expect(await exportFeatures(run("ctrl"), { ...from, output: file })).toEqual([160, 16]);
  expect(existsSync(file)).toBe(true);
  for (const method of ["k-means", "spectral", "ensc"] as const) {
    const { assigned, clusters, agreement } = await clusterFile(file, {
      method,
      clusters: 4,
      seed: 0,
      points: 100,
    });
    expect(assigned).toHaveLength(160);
    expect(clusters.reduce((sum, { points }) => sum + points, 0)).toBe(160);
    expect(agreement!.accuracy).toBeGreaterThan(0.1);
  }
  const near = await searchFile(file, 3, 5);
  expect(near).toHaveLength(5);
  expect(near.map(({ row }) => row)).not.toContain(3);
  expect(near[0]!.cosine).toBeGreaterThanOrEqual(near[4]!.cosine);
  await expect(searchFile(file, 160, 5)).rejects.toThrow("expected a row from 0 to 159, received 160");
  await expect(clusterFile(file, { method: "k-means", clusters: 161, seed: 0, points: 100 })).rejects.toThrow(
    UsageError,
  );
  await expect(exportFeatures(run("dcgan"), { ...from, output: file })).rejects.toThrow("has no features");
  await expect(exportFeatures(run("ctrl"), { ...from, output: undefined })).rejects.toThrow("--output");
  expect(readFileSync(file).subarray(0, 2).toString()).toBe("PK");
});
