/** @file Any operator of libtorch by its name, checked against its schema. */

import { UsageError } from "../base/errors.ts";
import { native } from "./native.ts";
import { type Operator, operator } from "./operator.ts";
import { refusal } from "./refused.ts";
import { wrap } from "./run.ts";
import { Tensor } from "./tensor.ts";

export type AtenArgument =
  | Tensor
  | number
  | boolean
  | string
  | null
  | undefined
  | readonly AtenArgument[]
  | { readonly [keyword: string]: AtenArgument };

/**
 * Calls an operator: `aten("logsumexp", x, [1], { keepdim: true })`.
 *
 * Arguments follow the operator's schema, in order; a plain object at the end holds the named ones. Overloads are
 * named after a dot (`"add.Tensor"`), namespaces other than aten before a double colon (`"vitrine::coding_rate"`).
 * Dtypes and devices are strings.
 *
 * @returns what the schema says: a tensor (of an operator that works in place, its first argument), a number, an array of them; the type parameter is the caller's word for it
 * @throws {UsageError} no such operator; one that `refused.ts` lists; an argument of another type than the schema's
 * @throws {TorchError} libtorch refuses
 */
export function aten<Result = Tensor>(name: string, ...args: AtenArgument[]): Result {
  const last = args.at(-1);
  const keywords = isKeywords(last) ? (args.pop() as object) : null;
  const encodedKeywords =
    keywords && Object.fromEntries(Object.entries(keywords).map(([k, v]) => [k, encode(v)]));
  const result = native().callChecked(allowed(name).id, args.map(encode), encodedKeywords);
  return (result === undefined && IN_PLACE.test(name) ? args[0] : decode(result)) as Result;
}

const known = new Set<Operator>();

/** The operator, unless it is one of those that may end the process. */
function allowed(name: string): Operator {
  const found = operator(name);
  if (known.has(found)) return found;
  const why = refusal(found.name);
  if (why !== undefined) throw new UsageError(`aten: "${found.name}" is refused: it ${why}`);
  known.add(found);
  return found;
}

/** x.add_(y) returns x, not a second handle on it. */
const IN_PLACE = /_(\.|$)/;

const isKeywords = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Tensor);

/** Tensors cross as bigints, so that a number is never taken for a tensor nor a tensor for a number. */
function encode(value: AtenArgument): unknown {
  if (value instanceof Tensor) {
    value.forgetShape(); // an operator that works in place may change it
    return BigInt(value.h);
  }
  if (Array.isArray(value)) return value.map(encode);
  if (isKeywords(value)) throw new UsageError("aten: named arguments come last, in one object");
  return value;
}

function decode(value: unknown): unknown {
  if (typeof value === "bigint") return wrap(Number(value));
  return Array.isArray(value) ? value.map(decode) : value;
}
