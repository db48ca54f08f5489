/** @file Rates in the precision of what they are given, and in float64 where that leaves them too few digits. */

import { autocast, type DType, PrecisionError, scope, Tensor } from "../tensor/index.ts";

/** A body is being tried: whoever began with the inputs as they were given decides, not the parts inside. */
let trying = false;

/**
 * Evaluates a rate, or a loss made of rates, with enough digits: in single precision, and where an operator inside says
 * that rounding spoils a value or a gradient (tokens that are long and nearly dependent), once more in float64, from
 * the inputs on. Half precisions are widened first, and no product inside is in a lower one, whatever autocast says.
 *
 * @param inputs floating-point tensors, all that the body computes with
 * @param body gives a tensor, or an array or plain object of tensors; gradients pass
 * @returns what the body gives, in float64 if an input is, else in float32
 * @throws {PrecisionError} float64 has not the digits either; the message names the matrix and its condition
 */
export function withDigits<const Inputs extends readonly Tensor[], Result>(
  inputs: Inputs,
  body: (...inputs: { [i in keyof Inputs]: Tensor }) => Result,
): Result {
  const evaluate = (dtype: DType): Result =>
    autocast(null, inputs[0]?.device ?? "cpu", () =>
      body(...(inputs.map((x) => to(x, dtype)) as { [i in keyof Inputs]: Tensor })),
    );
  if (inputs.some(({ dtype }) => dtype === "float64")) return evaluate("float64");
  if (trying) return evaluate("float32");
  trying = true;
  try {
    return scope(() => evaluate("float32"), "rate");
  } catch (error) {
    if (!(error instanceof PrecisionError)) throw error;
  } finally {
    trying = false;
  }
  return scope(() => narrowed(evaluate("float64")), "rate in float64");
}

/** Only floating point is converted: an operator says what it thinks of the rest. */
const to = (x: Tensor, dtype: DType): Tensor =>
  x.dtype === dtype || !/^b?float/.test(x.dtype) ? x : x.to(dtype);

function narrowed<Result>(result: Result): Result {
  if (result instanceof Tensor) return to(result, "float32") as Result;
  if (Array.isArray(result)) return result.map(narrowed) as Result;
  if (typeof result !== "object" || result === null) return result;
  return Object.fromEntries(Object.entries(result).map(([name, part]) => [name, narrowed(part)])) as Result;
}
