import { expect, test } from "vitest";
import "../src/model/index.ts";
import "../src/rate/index.ts";
import { native } from "../src/tensor/index.ts";
import { namedOperators } from "../src/tensor/operator.ts";

/** Operators that came after 1.13: whoever names one asks `.exists` first. */
const NEWER = new Set(["aten::scaled_dot_product_attention"]);

/** The arguments we pass by position, as libtorch's schemas spell their types. */
const PASSED: Record<string, string> = {
  "aten::zeros": "SymInt[] ScalarType? Layout? Device?",
  "aten::ones": "SymInt[] ScalarType? Layout? Device?",
  "aten::full": "SymInt[] Scalar ScalarType? Layout? Device?",
  "aten::eye": "SymInt ScalarType? Layout? Device?",
  "aten::arange.start_step": "Scalar Scalar Scalar ScalarType? Layout? Device?",
  "aten::cat": "Tensor[] int",
  "aten::stack": "Tensor[] int",
  "aten::randn.generator": "SymInt[] Generator? ScalarType?",
  "aten::rand.generator": "SymInt[] Generator? ScalarType?",
  "aten::randperm.generator": "SymInt Generator? ScalarType?",
  "aten::randint.low_generator": "SymInt SymInt SymInt[] Generator? ScalarType?",
  "aten::clamp": "Tensor Scalar? Scalar?",
  "aten::reshape": "Tensor SymInt[]",
  "aten::expand": "Tensor SymInt[]",
  "aten::permute": "Tensor int[]",
  "aten::transpose.int": "Tensor int int",
  "aten::narrow": "Tensor int SymInt SymInt",
  "aten::select.int": "Tensor int SymInt",
  "aten::index_select": "Tensor int Tensor",
  "aten::index.Tensor": "Tensor Tensor?[]",
  "aten::gather": "Tensor int Tensor",
  "aten::flip": "Tensor int[]",
  "aten::roll": "Tensor SymInt[] int[]",
  "aten::constant_pad_nd": "Tensor SymInt[] Scalar",
  "aten::to.dtype": "Tensor ScalarType",
  "aten::to.device": "Tensor Device ScalarType",
  "aten::where.self": "Tensor Tensor Tensor",
  "aten::linear": "Tensor Tensor Tensor?",
  "aten::sum.dim_IntList": "Tensor int[]? bool",
  "aten::mean.dim": "Tensor int[]? bool",
  "aten::amax": "Tensor int[] bool",
  "aten::amin": "Tensor int[] bool",
  "aten::argmax": "Tensor int? bool",
  "aten::argmin": "Tensor int? bool",
  "aten::std.correction": "Tensor int[]? Scalar? bool",
  "aten::var.correction": "Tensor int[]? Scalar? bool",
  "aten::linalg_vector_norm": "Tensor Scalar int[]? bool",
  "aten::logsumexp": "Tensor int[] bool",
  "aten::softmax.int": "Tensor int",
  "aten::log_softmax.int": "Tensor int",
  "aten::topk": "Tensor SymInt int",
  "aten::sort": "Tensor int bool",
  "aten::layer_norm": "Tensor SymInt[] Tensor? Tensor? float",
  "aten::addmm": "Tensor Tensor Tensor Scalar Scalar",
  "aten::contiguous": "Tensor MemoryFormat",
  "vitrine::coding_rate": "Tensor float",
  "vitrine::logdet1p": "Tensor",
};

/** Types of a schema in order; what differs between libtorch's versions without mattering to us is made equal. */
function types(schema: string): string[] {
  const inside = /\((.*)\) ->/.exec(schema)![1]!;
  const parts = inside.split(/, (?=[A-Z*a-z])/).filter((part) => part !== "*");
  return parts.map((part) => normal(part.split(" ")[0]!));
}
const normal = (type: string): string =>
  type
    .replace(/\([a-z!|* >-]*\)/, "")
    .replace(/\[\d+\]/, "[]")
    .replace("SymInt", "int")
    .replace(/^(ScalarType|Layout|MemoryFormat)/, "int");

const operators = namedOperators();

test("every operator typed by hand is in the registry of the libtorch present", () => {
  const missing = operators.filter((op) => !op.exists && !NEWER.has(op.name)).map((op) => op.name);
  expect(missing).toEqual([]);
  expect(operators.length).toBeGreaterThan(80);
});

test("an operator newer than 1.13 is absent only there", () => {
  const old = native().versions().torch.startsWith("1.");
  for (const name of NEWER) expect(operators.find((op) => op.name === name)?.exists).toBe(!old);
});

test.each(Object.entries(PASSED))("%s takes (%s)", (name, passed) => {
  const op = operators.find((candidate) => candidate.name === name);
  expect(op, `${name} is named somewhere`).toBeDefined();
  const wanted = passed.split(" ").map(normal);
  const given = types(op!.schema).slice(0, wanted.length);
  // an argument that this version lets be left out, or takes wider, still takes what we pass
  const fits = (want: string, have: string | undefined) =>
    have !== undefined &&
    [want, `${want}?`, want.replace("?", "")].some((type) => type === have || alike(type, have));
  expect(
    given.every((have, i) => fits(wanted[i]!, have)),
    `${op!.schema}`,
  ).toBe(true);
});

/** `correction` is int? in 1.13 and Scalar? in 2.x; we pass whole numbers. */
const alike = (want: string, have: string): boolean =>
  want.startsWith("Scalar") && ["int", "int?"].includes(have);
