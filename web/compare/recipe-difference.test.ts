import { expect, test } from "vitest";
import { differencesOf } from "./recipe-difference.ts";

test("recipes differ by dotted key; a key of one alone is a difference, equal keys are counted", () => {
  const a = { name: "x", seed: 1, train: { lr: 0.1, epochs: 2 }, model: { name: "crate", lambda: 0.5 } };
  const b = { name: "y", seed: 1, train: { lr: 0.2, epochs: 2 }, model: { name: "vit" } };
  expect(differencesOf(a, b)).toEqual({
    different: [
      { key: "train.lr", a: "0.1", b: "0.2" },
      { key: "model.name", a: "crate", b: "vit" },
      { key: "model.lambda", a: "0.5", b: undefined },
    ],
    equal: 2,
  });
});

test("lists are one value; what is no recipe has no keys to differ by", () => {
  expect(differencesOf({ a: [1, 2] }, { a: [1, 3] }).different).toEqual([
    { key: "a", a: "[1,2]", b: "[1,3]" },
  ]);
  expect(differencesOf({}, {})).toEqual({ different: [], equal: 0 });
});
