/** @file What a pass shows is what the attention matrices and the colours' construction say. */

import { expect, test } from "vitest";
import { createModel } from "../../model/index.ts";
import { record } from "../../nn/index.ts";
import { noGrad, random, scope, tensor } from "../../tensor/index.ts";
import { look } from "./look.ts";
import { codeColours, paperColours } from "./pca-colours.ts";

const small = { dim: 32, depth: 2, heads: 4, imageSize: 16, patch: 4, channels: 1, classes: 5 };

test("look: the maps of both families are the class token's row of the attention matrix", () => {
  for (const [name, part] of [
    ["crate", "mssa"],
    ["vit", "attn"],
  ] as const) {
    using model = createModel(name, small, random(1).at("model"));
    using image = random(2).normal([1, 16, 16]);
    using seen = look(model, image);
    const { found } = noGrad(() =>
      record(model, [`block.*.${part}.attention`], () => scope(() => void model.apply(image.unsqueeze(0)))),
    );
    for (const [l, heads] of seen.maps.entries()) {
      const rows = found.get(`block.${l}.${part}.attention`)!.toArray() as number[][][][];
      heads.forEach((head, k) => {
        expect(head.length).toBe(16);
        for (const [i, x] of head.entries()) expect(x).toBeCloseTo(rows[0]![k]![0]![i + 1]!, 5);
      });
    }
    for (const tensor of found.values()) tensor.dispose();
    expect(seen.features.map(({ shape }) => shape)).toEqual([
      [16, 32],
      [16, 32],
    ]);
  }
});

/** A frame of background around a 2 × 2 object on a 4 × 4 grid; the object's patches differ among themselves. */
const frame = Array.from({ length: 16 }, (_, at) => {
  const object = [5, 6, 9, 10].indexOf(at);
  return object < 0
    ? [0.1, 0, 0, 0, 0]
    : [9, Number(object === 1), Number(object === 2), Number(object === 3), 0];
});
const centre = [0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0];

test("paperColours: the strong direction is the foreground, its patches have colours of their own", () => {
  using X = tensor([frame]);
  const [found] = paperColours(X, [4, 4]);
  expect([...found!.foreground.cells]).toEqual(centre);
  const colours = [5, 6, 9, 10].map((at) =>
    [...found!.colours.slice(3 * at, 3 * at + 3)].map((x) => x.toFixed(3)).join(),
  );
  expect(new Set(colours).size).toBe(4);
  expect([...found!.colours.slice(0, 15)]).toEqual(Array(15).fill(0));
  const [turned] = paperColours(X, [4, 4], { inverse: true });
  expect([...turned!.foreground.cells]).toEqual(centre.map((cell) => 1 - cell));
});

test("the code's colours lie in [0, 1], the background is the least in every colour", () => {
  using X = random(5).normal([2, 16, 6]);
  for (const { foreground, colours } of codeColours(X, [4, 4])) {
    expect(Math.min(...colours)).toBe(0);
    expect(Math.max(...colours)).toBe(1);
    foreground.cells.forEach((cell, at) => {
      const own = [...colours.slice(3 * at, 3 * at + 3)];
      if (cell) expect(Math.min(...own)).toBeGreaterThan(0);
      else expect(own).toEqual([0, 0, 0]);
    });
  }
});
