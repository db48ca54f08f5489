/** @file PyTorch's files: both formats hold what was saved, and nothing but data is ever made of any bytes. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CheckpointError } from "../base/errors.ts";
import { Allowance } from "../base/limits.ts";
import { loadTensors, scope, type Tensor } from "./index.ts";
import { unpickle } from "./pickle.ts";
import { parseTorch } from "./torch-file.ts";

const fixture = (name: string): string => new URL(`../../test/weights/${name}`, import.meta.url).pathname;
const FORMS = ["wrapped-zip.pth", "wrapped-legacy.pth"];
const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(fixture(name)));

test.each(FORMS)("%s: views, dtypes and scalars as they were saved, under names without prefix", (name) => {
  scope(() => {
    const { tensors, metadata } = loadTensors(fixture(name));
    expect(metadata.get("wrapper")).toBe("state_dict");
    const rows = Array.from({ length: 4 }, (_, i) => Array.from({ length: 6 }, (_, j) => 6 * i + j));
    const transposed = Array.from({ length: 6 }, (_, j) => rows.map((row) => row[j]!));
    const held = Object.fromEntries([...tensors].map(([key, value]) => [key, value.toArray()]));
    expect(held).toEqual({
      ...{ "a.weight": rows, "a.transposed": transposed, "a.part": rows.slice(1, 3) },
      ...{ "b.half": [1.5, -2], "b.count": 7, "b.flags": [1, 0], "b.double": [[0.1]], "b.empty": [] },
    });
    expect([...tensors.values()].map(({ dtype }) => dtype)).toEqual([
      ...["float32", "float32", "float32", "bfloat16", "int64", "bool", "float64", "float32"],
    ]);
  });
});

const beside = [process.env.VITRINE_DATA, "data", "../shared/data"].map((root) =>
  join(root ?? "", "weights"),
);
const weights = beside.find((folder) => existsSync(folder));
test.skipIf(weights === undefined)("published weights are the same tensors in both forms", () => {
  const files = readdirSync(weights!, { recursive: true, encoding: "utf8" });
  const torch = files.filter((file) => /\.(pth|th)$/.test(file));
  expect(torch.length).toBeGreaterThan(0);
  for (const file of torch)
    scope(() => {
      const folder = dirname(file);
      const other = files.find((each) => dirname(each) === folder && each.endsWith(".safetensors"))!;
      const { tensors } = loadTensors(join(weights!, file));
      const { tensors: expected } = loadTensors(join(weights!, other));
      expect([...tensors.keys()].sort()).toEqual([...expected.keys()].sort());
      const same = (a: Tensor, b: Tensor) => a.dtype === b.dtype && a.sub(b).abs().max().item() === 0;
      for (const [name, value] of tensors) expect(same(value, expected.get(name)!), name).toBe(true);
    });
});

/** A file of the old format around one pickle. */
function legacy(pickle: Uint8Array | string): Uint8Array {
  const body = typeof pickle === "string" ? Buffer.from(pickle, "latin1") : Buffer.from(pickle);
  const whole = Buffer.from(bytesOf("wrapped-legacy.pth"));
  const head = whole.subarray(0, whole.indexOf("\x80\x02", 100, "latin1"));
  return new Uint8Array(Buffer.concat([head, body, Buffer.from("\x80\x02].", "latin1")]));
}

describe("what is more than data is refused, and nothing is executed", () => {
  const text = (value: string) => `X${String.fromCharCode(value.length, 0, 0, 0)}${value}`;
  test.each([
    ["a system call", `\x80\x02cos\nsystem\n${text("touch /tmp/never")}\x85R.`, "os.system"],
    ["eval", `\x80\x02c__builtin__\neval\n${text("1+1")}\x85R.`, "__builtin__.eval"],
    ["a name by the stack", `\x80\x04\x8c\x05posix\x8c\x06system\x93.`, "posix.system"],
    ["getattr on an allowed name", "\x80\x02cbuiltins\ngetattr\n.", "builtins.getattr"],
    ["a whole module", "\x80\x02ctorch.nn.modules.linear\nLinear\n)\x81.", "torch.nn.modules.linear.Linear"],
    ["a name that JavaScript knows", "\x80\x02c__proto__\nconstructor\n)R.", "__proto__.constructor"],
    ["an instance by text", "\x80\x02(ios\nsystem\n.", "operation 0x69 is not allowed"],
    ["an extension", "\x80\x02\x82\x01.", "operation 0x82 is not allowed"],
    [
      "a call of a storage class",
      "\x80\x02ctorch\nFloatStorage\n)R.",
      'holds no tensors by name but "torch.FloatStorage"',
    ],
    ["a call of data", `\x80\x02${text("a")})R.`, "a call of what is no name"],
    [
      "a tensor without a storage",
      "\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)R.",
      "not described as PyTorch does",
    ],
  ])("%s", (_, pickle, message) => {
    const read = () => parseTorch(legacy(pickle), "evil.pth");
    expect(read).toThrow(CheckpointError);
    expect(read).toThrow(message);
    expect(existsSync("/tmp/never")).toBe(false);
  });

  test.each([
    ["marks without end", "(".repeat(300), "nested more than 256 deep"],
    ["a stack that is empty", "0.", "the stack is empty"],
    ["a value that was never stored", "h\x05.", "value 5 was never stored"],
    ["a mark that is missing", "t.", "a mark is missing"],
    ["entries for a list", "](NNu.", "no dictionary"],
    ["items for a dictionary", "}Na.", "no list"],
    ["a huge text", "X\xff\xff\xff\xff", "cut off"],
    ["a huge integer", "\x8b\xff\xff\xff\x7f", "cut off"],
    ["no end", "N", "cut off"],
    ["a dictionary without tensors", "}.", "holds no tensors by name"],
    ["a list", "].", "holds no tensors by name"],
  ])("%s", (_, pickle, message) => {
    expect(() => parseTorch(legacy(`\x80\x02${pickle}`), "odd.pth")).toThrow(message);
  });

  test("a dictionary may have any key and stays a dictionary", () => {
    const pickle = Buffer.from(`\x80\x02}${text("__proto__")}${text("x")}s.`, "latin1");
    const { value } = unpickle(new Uint8Array(pickle), {
      ...{ path: "p", kinds: new Map(), allowance: new Allowance(pickle.length, "p") },
    });
    expect(value).toEqual(new Map([["__proto__", "x"]]));
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

/** Reads bytes; a refusal is a CheckpointError in one line, anything else fails the test. */
function attempt(bytes: Uint8Array): "read" | "refused" {
  try {
    parseTorch(bytes, "fuzz.pth");
    return "read";
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    expect(error.message).toMatch(/^fuzz\.pth: [^\n]+$/);
    return "refused";
  }
}

describe("any bytes are tensors or a CheckpointError", () => {
  test.each(FORMS)("%s cut off anywhere is refused", (name) => {
    const whole = bytesOf(name);
    for (let length = 0; length < whole.length; length += 7)
      expect(attempt(whole.slice(0, length))).toBe("refused");
  });

  test.each(FORMS)("%s with some bytes changed", (name) => {
    const whole = bytesOf(name);
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    const property = fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const bytes = whole.slice();
      for (const [at, byte] of changes) bytes[at] = byte;
      attempt(bytes);
    });
    fc.assert(property, { numRuns: 400, seed: 1 });
  });

  test("any operations", () => {
    const codes = [..."(012NJKMGXUTBCtlde}])asuqrhjcRbQ."].map((c) => c.charCodeAt(0));
    const operation = fc.constantFrom(
      ...codes,
      0x80,
      0x81,
      0x85,
      0x86,
      0x87,
      0x88,
      0x8a,
      0x8c,
      0x8f,
      0x93,
      0x94,
    );
    const piece = fc.oneof(
      operation.map((code) => [code]),
      fc.constant([...Buffer.from("ctorch._utils\n_rebuild_tensor_v2\n")]),
      fc.constant([...Buffer.from("ccollections\nOrderedDict\n)R")]),
      fc.uint8Array({ maxLength: 4 }).map((bytes) => [...bytes]),
    );
    const property = fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      attempt(legacy(Uint8Array.from(pieces.flat())));
    });
    fc.assert(property, { numRuns: 600, seed: 1 });
  });
});

test("what is no PyTorch file is said to be none", () => {
  const message = (text: string) => () => parseTorch(Buffer.from(text, "latin1"), "a.pth");
  expect(message("")).toThrow("a.pth: is no PyTorch file: expected a zip archive or a pickle");
  expect(message("hello")).toThrow("is no PyTorch file");
  expect(message("\x80\x04}.")).toThrow("does not begin with PyTorch's number");
  expect(() => loadTensors(fixture("none.pth"))).toThrow("is missing");
});
