import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CheckpointError, UsageError } from "../tensor/errors.ts";
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
  expect(listTensors(path)).toEqual([
    { name: "w", dtype: "float32", shape: [2, 3], bytes: 24 },
    { name: "b", dtype: "bfloat16", shape: [2], bytes: 4 },
  ]);
});

test("a file cut short is a checkpoint error with its name, a missing one a usage error", () => {
  const short = join(folder, "short.safetensors");
  writeFileSync(short, readFileSync(path).subarray(0, -1));
  expect(() => listTensors(short)).toThrow(CheckpointError);
  expect(() => listTensors(short)).toThrow(/short\.safetensors/);
  expect(() => listTensors(join(folder, "none.safetensors"))).toThrow(UsageError);
});
