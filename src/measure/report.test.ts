/** @file A report survives its file, says why a value is missing, and refuses what it is not. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataError, UsageError } from "../base/errors.ts";
import { decode, packMap, unpackMap } from "./attention-maps.ts";
import { SIZES, sampleReport, stackOf } from "./fixture.ts";
import { checkReport, readReport, withoutGaps, writeReport } from "./report.ts";
import type { Report } from "./report-schema.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-report-"));
afterAll(() => rmSync(folder, { recursive: true }));
let report: Report;
beforeAll(async () => {
  report = await sampleReport("crate");
});

const file = join(folder, "deep", "report.json");

test("what is written is read back, equal", () => {
  writeReport(file, report);
  expect(readReport(file)).toEqual(report);
});

test("it holds both models, all layers, and images of different classes with their maps", () => {
  const { attention = [], samples, model, missing } = report;
  const { before, after } = stackOf(report);
  expect([before.length, after.length, samples]).toEqual([3, 3, 12]);
  expect(model).toMatchObject({
    name: "crate",
    dim: 24,
    depth: 3,
    heads: 3,
    headDim: 8,
    patch: 4,
    height: 16,
  });
  expect(missing).toEqual([]);
  expect(attention).toHaveLength(4);
  expect(new Set(attention.map(({ label }) => label)).size).toBe(4);
  for (const { image, layers, rows, columns } of attention) {
    expect(decode(image.pixels)).toHaveLength(3 * 16 * 16);
    expect(layers.map((heads) => heads.length)).toEqual([3, 3, 3]);
    expect(decode(layers[0]![0]!.weights)).toHaveLength(rows * columns);
  }
  // training has moved something
  expect(after[2]!.authorsRate!.mean).not.toBeCloseTo(before[2]!.authorsRate!.mean!, 4);
  expect(before[0]!.spectrum).toHaveLength(Math.min(17, SIZES.dim));
});

test("equal seeds measure equal samples", async () => {
  const again = await sampleReport("crate");
  expect(again.layers).toEqual(report.layers);
  expect(again.attention).toEqual(report.attention);
});

describe("missing numbers", () => {
  test("a deviation of one sample is null, with the reason", async () => {
    const one = await sampleReport("crate", 1);
    expect(stackOf(one).after[0]!.rate!.std).toBeNull();
    expect(one.missing).toContainEqual({
      path: "layers.0.after.0.rate.std",
      reason: "the unbiased deviation needs two samples",
    });
  });

  test("what a ViT has not is left out, with a line that says so", async () => {
    const vit = await sampleReport("vit", 3);
    expect(stackOf(vit).after[1]).not.toHaveProperty("paperRate");
    expect(vit.notes).toEqual([
      "authorsRate, paperRate, compression and reduction are left out: there are no subspaces U",
    ]);
    expect(vit.attention![0]!.layers[0]).toHaveLength(3);
  });

  test("every number that is not finite becomes null and is listed", () => {
    const { tree, missing } = withoutGaps({ a: [1, Number.NaN], b: { c: -Infinity } }, (path, value) => {
      return `${path} was ${value}`;
    });
    expect(tree).toEqual({ a: [1, null], b: { c: null } });
    expect(missing).toEqual([
      { path: "a.1", reason: "a.1 was NaN" },
      { path: "b.c", reason: "b.c was -Infinity" },
    ]);
  });

  test("a null without a reason is refused", () => {
    const broken = structuredClone(report);
    stackOf(broken).after[1]!.nonZero!.mean = null;
    expect(() => checkReport(broken, "r.json")).toThrow(
      "r.json: damaged report: layers.0.after.1.nonZero.mean: is null, and missing has no reason; write it anew",
    );
  });
});

describe("what is no report", () => {
  const attempt = (text: string) => {
    const path = join(folder, "other.json");
    writeFileSync(path, text);
    return () => readReport(path);
  };

  test("another version is refused with both numbers", () => {
    expect(attempt(JSON.stringify({ ...report, version: 3 }))).toThrow(/a report of version 3, expected 2/);
  });

  test("a missing part, a strange part and a number out of range are named", () => {
    const { numbers: _, ...rest } = report;
    expect(attempt(JSON.stringify(rest))).toThrow(/other\.json: damaged report: numbers: invalid input/);
    expect(attempt(JSON.stringify({ ...report, extra: 1 }))).toThrow(/unrecognized key: "extra"/i);
    const checkpoint = { name: "last", step: -1 };
    expect(attempt(JSON.stringify({ ...report, checkpoint }))).toThrow(/checkpoint\.step: too small/);
  });

  test("a report of version 1, of another kind, and of verify say what they are and how to make one", () => {
    const { kind: _, ...old } = { ...report, version: 1 };
    expect(attempt(JSON.stringify(old))).toThrow(/a report of version 1, expected 2, .* write it anew/);
    expect(attempt(JSON.stringify({ ...report, kind: "x" }))).toThrow(/a report of kind "x", expected/);
    expect(attempt('{"version":1,"claims":[]}')).toThrow(/a report of "vitrine verify", expected/);
  });

  test("what is cut short is a data error, what is not there a usage error", () => {
    expect(attempt(readFileSync(file, "utf8").slice(0, -100))).toThrow(DataError);
    expect(() => readReport(join(folder, "none.json"))).toThrow(UsageError);
  });
});

test("maps keep their weights to 1/510 of the largest", () => {
  const weights = Float32Array.from({ length: 50 }, (_, i) => ((i * 37) % 50) / 2500);
  const { largest } = packMap(weights);
  unpackMap(packMap(weights)).forEach((value, i) => {
    expect(Math.abs(value - weights[i]!)).toBeLessThanOrEqual(largest / 509);
  });
  expect(unpackMap(packMap(new Float32Array(4)))).toEqual(new Float32Array(4));
});
