import { Command } from "commander";
import { expect, test } from "vitest";
import { keyAt, recipeKeys } from "../method/recipe-keys.ts";
import { aliases } from "./aliases.ts";
import { addRecipeFlags, describeKey } from "./recipe-flags.ts";

function parse(...args: string[]) {
  const command = new Command();
  const flags = addRecipeFlags(command);
  command.parse(args, { from: "user" });
  return flags.layers;
}

test("every key is a flag, and every alias names a key", () => {
  const command = new Command();
  addRecipeFlags(command);
  const flags = new Set(command.options.map((option) => option.long));
  for (const { path } of recipeKeys()) expect(flags, path).toContain(`--${path}`);
  for (const { path, flag } of aliases) expect(keyAt(path), flag).toBeDefined();
});

test("flags become layers in the order they were typed, so the last one wins", () => {
  expect(parse("--epochs", "3", "--train.epochs", "4", "-b", "8", "--opt-betas", "0.9,0.99")).toEqual([
    { origin: "--epochs", values: { train: { epochs: 3 } } },
    { origin: "--train.epochs", values: { train: { epochs: 4 } } },
    { origin: "--batch-size", values: { train: { batchSize: 8 } } },
    { origin: "--opt-betas", values: { train: { betas: [0.9, 0.99] } } },
  ]);
});

test("flags without a value stand for one", () => {
  expect(parse("--amp", "--model-ema", "--model.tiedOutput", "--no-train.deterministic")).toEqual([
    { origin: "--amp", values: { train: { precision: "bf16" } } },
    { origin: "--model-ema", values: { train: { ema: 0.9998 } } },
    { origin: "--model.tiedOutput", values: { model: { tiedOutput: true } } },
    { origin: "--no-train.deterministic", values: { train: { deterministic: false } } },
  ]);
});

test("a negative number is a value, not a flag", () => {
  expect(parse("--model.sign", "-1")).toEqual([{ origin: "--model.sign", values: { model: { sign: -1 } } }]);
});

test("a key's line tells its choices, default and other spellings", () => {
  expect(describeKey(keyAt("train.lr")!)).toMatch(/^highest learning rate.*also --lr\)$/);
  expect(describeKey(keyAt("method.inner")!)).toBe("encoder steps per batch (ctrl only; default: 1)");
  expect(describeKey(keyAt("train.precision")!)).toMatch(
    /default: fp32; also --precision, --amp for bf16\)$/,
  );
  expect(describeKey(keyAt("model.name")!)).toMatch(
    /one of aot, .*, crate_tiny, .*, ctrl_mnist, .*; also --model, --arch\)$/,
  );
});
