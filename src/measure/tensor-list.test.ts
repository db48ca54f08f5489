import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { archive, dict, tensorOf } from "../../test/pickles.ts";
import { CheckpointError, UsageError } from "../base/errors.ts";
import { serialiseSafetensors } from "../tensor/safetensors.ts";
import { listTensors } from "./tensor-list.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-tensors-"));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, "a.safetensors");
const tensors = new Map([
  ["b", { dtype: "bfloat16", shape: [2], bytes: new Uint8Array(4) }],
  ["w", { dtype: "float32", shape: [2, 3], bytes: new Uint8Array(24) }],
] as const);
writeFileSync(path, Buffer.concat(serialiseSafetensors(tensors)));

test("a file lists its tensors with dtype, shape and size", () => {
  expect(listTensors(path)).toEqual({
    tensors: [
      { name: "w", dtype: "float32", shape: [2, 3], bytes: 24 },
      { name: "b", dtype: "bfloat16", shape: [2], bytes: 4 },
    ],
    keys: [],
  });
});

test("a file of several parts lists its keys, and all tensors where it is not clear which are the weights", () => {
  const two = join(folder, "two.pth");
  const part = dict({ w: tensorOf("0", 2, [2], [1]) });
  writeFileSync(two, archive(dict({ encoder: part, decoder: part }), { 0: [1, 2] }));
  const { tensors, keys, note } = listTensors(two);
  expect(tensors.map(({ name }) => name)).toEqual(["encoder.w", "decoder.w"]);
  expect(keys).toEqual([{ key: "encoder", tensors: 1 }, { key: "decoder", tensors: 1 }]); // biome-ignore format: short
  expect(note).toContain("it is not clear which part holds the weights");
  expect(listTensors(two, "decoder").tensors.map(({ name }) => name)).toEqual(["w"]);
});

test("a file cut short is a checkpoint error with its name, a missing one a usage error", () => {
  const short = join(folder, "short.safetensors");
  writeFileSync(short, readFileSync(path).subarray(0, -1));
  expect(() => listTensors(short)).toThrow(CheckpointError);
  expect(() => listTensors(short)).toThrow(/short\.safetensors/);
  expect(() => listTensors(join(folder, "none.safetensors"))).toThrow(UsageError);
});
