import { expect, test } from "vitest";
import { combinations, inWords, parseAxis, settingName } from "./grid.ts";

test("values are read as their key's kind; commas part them, semicolons where they have commas", () => {
  expect(parseAxis("train.lr=1e-3,3e-3")).toEqual({ key: "train.lr", values: [1e-3, 3e-3] });
  expect(parseAxis("train.optimizer=adamw,lion").values).toEqual(["adamw", "lion"]);
  expect(parseAxis("train.clipGrad=none,1").values).toEqual([null, 1]);
  expect(parseAxis("data.augment.flip=true,false").values).toEqual([true, false]);
  expect(parseAxis("train.betas=0.9,0.99").values).toEqual([[0.9, 0.99]]);
  expect(parseAxis("train.betas=0.9,0.99;0.9,0.95").values).toEqual([[0.9, 0.99], [0.9, 0.95]]); // biome-ignore format: short
  expect(parseAxis("model.imageSize=28;32,16").values).toEqual([28, [32, 16]]);
});

test.each([
  ["train.lrr=1", /^--set train.lrr: no such key \(did you mean "train.lr"\?\)$/],
  ["train.lr", /^--set train.lr: expected KEY=V1,V2, such as .*, received "train.lr"$/],
  ["train.lr=1,,2", /^--set train.lr: expected KEY=V1,V2/],
  ["train.lr=1e-3,0.001", /^--set train.lr: 0.001 is given twice$/],
  ["seed=1,2", /^--set seed: seeds are given by --seeds$/],
  [
    "data.validation=0.1,0.2",
    /^--set data.validation: figures of different validation splits do not compare/,
  ],
])("%s is refused", (text, message) => {
  expect(() => parseAxis(text)).toThrow(message);
});

test("combinations are all of them, and none for no axis is the recipe alone", () => {
  const axes = [parseAxis("train.lr=1,2"), parseAxis("train.optimizer=adamw,lion,sgd")];
  const all = combinations(axes);
  expect(all.length).toBe(6);
  expect(new Set(all.map((values) => JSON.stringify(values))).size).toBe(6);
  expect(all[1]).toEqual({ "train.lr": 1, "train.optimizer": "lion" });
  expect(combinations([])).toEqual([{}]);
  expect(() => combinations([axes[0]!, axes[0]!])).toThrow(
    "--set train.lr: given twice; give all its values at once",
  );
});

test("a setting's folder follows from its values alone, and tells them", () => {
  const name = settingName({ "train.lr": 3e-3, "train.optimizer": "muon" });
  expect(name).toMatch(/^lr-0.003_optimizer-muon_[0-9a-f]{6}$/);
  expect(settingName({ "train.optimizer": "muon", "train.lr": 3e-3 })).toBe(name);
  expect(settingName({ "train.lr": 3e-4, "train.optimizer": "muon" })).not.toBe(name);
  const long = settingName({ "method.init": "/a folder/../with: odd*letters".repeat(10) });
  expect(long).toMatch(/^[\w.-]+$/);
  expect(long.length).toBeLessThan(100);
  expect(settingName({})).toBe("recipe");
  expect(inWords({ "train.clipGrad": null, "train.betas": [0.9, 0.99] })).toBe(
    "clipGrad none, betas 0.9,0.99",
  );
});
