import { expect, test } from "vitest";
import { editDistance, hint, nearest } from "./nearest.ts";

test("distance counts edits and swaps of neighbours", () => {
  expect(editDistance("crate", "crate")).toBe(0);
  expect(editDistance("carte", "crate")).toBe(1);
  expect(editDistance("", "abc")).toBe(3);
  expect(editDistance("kitten", "sitting")).toBe(3);
});

test("only a near name is offered", () => {
  expect(nearest("mnsit", ["mnist", "cifar10"])).toBe("mnist");
  expect(nearest("imagenet", ["mnist", "cifar10"])).toBeUndefined();
  expect(hint("fashion-mnits", ["mnist", "fashion-mnist"])).toBe(' (did you mean "fashion-mnist"?)');
  expect(hint("zzzzzz", ["mnist"])).toBe("");
});
