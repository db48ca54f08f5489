/** @file What no tensor tells is given, known from settings, or assumed and said. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { assumptions, headsInWords, headsOf } from "./assumed.ts";
import { recognise, type Shapes } from "./recognise.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine assumed-"));
afterAll(() => rmSync(root, { recursive: true }));

/** Shapes of a CRATE of width 768 and 12 layers, patches of 8. */
function base(more: Readonly<Record<string, readonly number[]>> = {}): Shapes {
  const shapes: Record<string, readonly number[]> = {
    pos_embedding: [1, 65, 768],
    "to_patch_embedding.2.weight": [768, 192],
    "mlp_head.1.weight": [10, 768],
    ...Object.fromEntries(
      Array.from({ length: 12 }, (_, l) => [`transformer.layers.${l}.0.fn.qkv.weight`, [768, 768]]),
    ),
    ...more,
  };
  return new Map(Object.entries(shapes).map(([name, shape]) => [name, { shape }]));
}

test("a size that is published with two numbers of heads says which is assumed, and that there is another", () => {
  const found = recognise(base())!;
  expect([found.name, found.heads, found.otherHeads, found.inner]).toEqual(["crate_base", 12, 6, 768]);
  const heads = headsOf(found, undefined, undefined, "a.pth");
  expect(heads.heads).toBe(12);
  expect(assumptions("a.pth", found, heads, undefined, undefined)).toBe(
    "a.pth: no tensor tells, so assumed: 12 heads of 64, as crate_base has (files of 6 heads of 128 are published too); --heads says otherwise; η 0.1 and λ 0.1",
  );
});

test("the segmentation paper's file is known by its two heads", () => {
  const found = recognise(base({ "mlp_head.1.weight": [768, 768], "head.weight": [21_842, 768] }))!;
  expect([found.heads, found.otherHeads]).toEqual([6, 12]);
  expect(headsInWords(found)).toBe(
    "6 heads of 128, as crate_base has (files of 12 heads of 64 are published too)",
  );
});

test("heads that are given, or that settings tell, are no assumption; of a width of their own they must be given", () => {
  const found = recognise(base())!;
  expect(headsOf(found, 6, undefined, "a")).toEqual({ heads: 6 });
  expect(headsOf(found, undefined, { heads: 6 }, "a")).toEqual({ heads: 6 });
  expect(headsOf(found, undefined, { name: "crate_base" }, "a")).toEqual({ heads: 12 });
  expect(() => headsOf(found, 5, undefined, "a")).toThrow("a number of heads that divides 768, received 5");
  const narrow = recognise(base({ "transformer.layers.0.0.fn.qkv.weight": [384, 768] }))!;
  expect([narrow.heads, narrow.inner]).toEqual([undefined, 384]);
  expect(() => headsOf(narrow, undefined, undefined, "a")).toThrow("give --heads, of 384 in all");
});
