/** @file Arguments for operators: right ones, wrong ones and strange ones, of the kinds that a schema asks for. */

import {
  type AtenArgument,
  aten,
  type DType,
  full,
  random,
  type Tensor,
  tensor,
  zeros,
} from "../src/tensor/index.ts";
import type { Dice } from "./native-random.ts";
import type { SchemaArgument } from "./native-schema.ts";

const SHAPES: readonly (readonly number[])[] = [
  [],
  [0],
  [1],
  [3],
  [7],
  [64],
  [2, 3],
  [3, 3],
  [1, 1],
  [0, 4],
  [4, 0],
  [2, 3, 4],
  [2, 0, 3],
  [1, 2, 5, 5],
  [2, 3, 4, 4],
  [1, 1, 3, 4, 5],
  [1, 1, 1, 1, 1, 1],
];
const DTYPES: readonly DType[] = [
  ...(["float32", "float32", "float32", "float64", "int64", "int64", "bool", "int32", "uint8"] as const),
  ...(["bfloat16", "float16", "complex64", "complex128", "int8", "int16"] as const),
];
const INTEGERS = [
  0,
  0,
  1,
  1,
  1,
  2,
  2,
  3,
  5,
  7,
  -1,
  -1,
  -2,
  -3,
  64,
  -100,
  1000,
  2 ** 31,
  -(2 ** 31),
  2 ** 40,
  2 ** 53,
  -(2 ** 53),
];
const NUMBERS = [
  0,
  -0,
  1,
  0.5,
  -1,
  2,
  1e-8,
  1e300,
  -1e300,
  3.5,
  255,
  2 ** 53,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];
const WORDS = [
  "",
  "mean",
  "sum",
  "none",
  "linear",
  "reflect",
  "ij,jk->ik",
  "i,j->",
  "...",
  "trunc",
  "floor",
  "tanh",
  "V",
  "left",
  "a\0b",
  "é",
  "x".repeat(300),
];

/** What the tensors of one call have in common, so that many calls are right. */
export interface Theme {
  shape: readonly number[];
  dtype: DType;
}

export const theme = (dice: Dice): Theme => ({ shape: dice.pick(SHAPES), dtype: dice.pick(DTYPES) });

/** A tensor: mostly like the others of its call; small numbers, indices in and out of range, numbers that are none. */
export function someTensor(dice: Dice, common: Theme): Tensor {
  const shape = dice.chance(0.7) ? common.shape : dice.pick(SHAPES);
  const dtype = dice.chance(0.7) ? common.dtype : dice.pick(DTYPES);
  const plain = filled(dice, shape, dtype);
  const strange = dice.below(40);
  if (strange < 4 && plain.dim > 1) return plain.transpose(0, -1);
  if (strange === 4 && plain.dim > 0) return plain.narrow(0, 0, 0);
  if (strange === 5) return plain.unsqueeze(0).expand([4, ...shape]);
  if (strange === 6) return aten("to_sparse", plain);
  if (strange === 7 && dtype.startsWith("complex")) return aten("conj", plain);
  if (strange === 8) return aten("to.device", plain, "meta", dtype);
  if (strange === 9 && dtype.startsWith("complex")) return aten("imag", aten("conj", plain));
  if (strange < 14 && /^(float|bfloat)/.test(dtype)) return plain.setRequiresGrad();
  return plain;
}

function filled(dice: Dice, shape: readonly number[], dtype: DType): Tensor {
  if (dice.chance(0.15)) return zeros(shape, { dtype });
  if (dice.chance(0.15))
    return full(shape, dice.pick(/int|bool/.test(dtype) ? [1, -1, 2, 100, 2 ** 40] : NUMBERS), {
      dtype: /int|bool/.test(dtype) ? "int64" : dtype,
    }).to(dtype);
  const stream = random(dice.below(2 ** 31));
  if (/int|bool/.test(dtype))
    return stream.integers(shape, dice.chance(0.2) ? -5 : 0, dice.pick([2, 3, 10])).to(dtype);
  return stream.normal(shape).to(dtype);
}

const integer = (dice: Dice): number => (dice.chance(0.9) ? dice.below(5) - 1 : dice.pick(INTEGERS));
const list = <T>(dice: Dice, one: () => T): T[] =>
  Array.from({ length: dice.chance(0.97) ? dice.below(5) : dice.pick([0, 30, 200]) }, one);

/** Anything, whatever was asked for. */
function anything(dice: Dice, common: Theme): AtenArgument {
  const kinds: (() => AtenArgument)[] = [
    () => null,
    () => undefined,
    () => dice.pick(NUMBERS),
    () => integer(dice),
    () => dice.pick(WORDS),
    () => true,
    () => someTensor(dice, common),
    () => list(dice, () => integer(dice)),
    () => list(dice, () => someTensor(dice, common)),
    () => [null, 1, "x"],
    () => tensor([[Number.NaN]]),
  ];
  return dice.pick(kinds)();
}

function one(dice: Dice, type: string, common: Theme): AtenArgument {
  switch (type) {
    case "Tensor":
      return someTensor(dice, common);
    case "int":
    case "SymInt":
      return integer(dice);
    case "float":
      return dice.pick(NUMBERS);
    case "bool":
      return dice.chance(0.5);
    case "str":
      return dice.pick(WORDS);
    case "ScalarType":
      return dice.pick(DTYPES);
    case "Layout":
    case "MemoryFormat":
      return dice.below(4);
    case "Device":
      return dice.pick(["cpu", "cpu", "meta", "cuda", "cpu:7", "nowhere"]);
    case "Generator":
      return null;
    default:
      return type.includes("Scalar") || type === "number" ? dice.pick([...NUMBERS, 1, 2, true]) : null;
  }
}

/** A value for one argument of a schema. */
export function argumentFor(dice: Dice, argument: SchemaArgument, common: Theme): AtenArgument {
  if (dice.chance(0.03)) return anything(dice, common);
  if (argument.optional && dice.chance(0.4)) return null;
  const { type } = argument;
  if (!argument.list) return one(dice, type, common);
  if (/^(Sym)?[iI]nt$/.test(type) && dice.chance(0.3)) return [...common.shape];
  return list(dice, () => (type === "Tensor" && dice.chance(0.02) ? null : one(dice, type, common)));
}
