import { expect, test } from "vitest";
import { newName, underNewNames } from "../base/renamed.ts";
import { layerOfRun } from "./renamed.ts";

test("an old name becomes the new one, and nothing else changes", () => {
  const values = { method: { name: "mcr2", precision: 0.5 }, train: { precision: "bf16" } };
  expect(underNewNames(values)).toEqual({
    values: { method: { name: "mcr2", epsilon: 0.5 }, train: { precision: "bf16" } },
    renamed: ["method.precision is now called method.epsilon"],
  });
  expect(underNewNames({ model: { step: 0.1, threshold: 0.2, block: 8 } }).values).toEqual({
    model: { eta: 0.1, lambda: 0.2, context: 8 },
  });
  expect(newName("method.precision")).toBe("method.epsilon");
  expect(newName("train.precision")).toBeUndefined();
});

test("a run with today's names keeps its values, and nothing is said", () => {
  const said: string[] = [];
  const layer = { origin: "recipe.json", values: { method: { epsilon: 0.5 } } };
  expect(layerOfRun(layer, (text) => said.push(text))).toEqual({ ...layer, ofRun: true });
  expect(layerOfRun({ origin: "x", values: { method: null } }, (text) => said.push(text)).values).toEqual({
    method: null,
  });
  expect(said).toEqual([]);
});

test("an old run is read with a note", () => {
  const said: string[] = [];
  const layer = layerOfRun({ origin: "r/recipe.json", values: { method: { precision: 1 } } }, (text) =>
    said.push(text),
  );
  expect(layer.values).toEqual({ method: { epsilon: 1 } });
  expect(said).toEqual([
    "r/recipe.json: written by an earlier version; method.precision is now called method.epsilon",
  ]);
});
