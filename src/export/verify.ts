/** @file Runs what was written, and says how far it lies from libtorch. */

import { Interpreter, readOnnx, type Value } from "../graph/index.ts";
import { DataError } from "../tensor/index.ts";
import { type Difference, difference, largest } from "./compare.ts";
import type { Reference } from "./network.ts";
import type { Precision } from "./precision.ts";
import { openOnnx } from "./runtime.ts";

/** A network in single precision may differ by so much, relative to the largest entry. */
const TOLERANCE = 1e-4;

/** Bytes of a model beyond which a page asks onnxruntime; the interpreter would take seconds for each sample. */
const LARGE = 4 * 2 ** 20;

export interface Verified {
  /** The engines that ran it. */
  engines: string[];
  differences: Difference[];
}

/** How values come back under the names of the file: where it has other inputs, or less outputs. */
export interface Renamed {
  inputs?: (feeds: Reference["feeds"]) => Reference["feeds"];
  /** The model inside of a file that holds more. */
  model?: (file: Uint8Array) => Uint8Array;
}

/**
 * Runs a model in our interpreter and, where it is installed, in onnxruntime on the inputs that libtorch was given. A large
 * one runs in onnxruntime alone; without it in the interpreter, on one sample.
 * @throws {DataError} in fp32: a value that differs by more than 1e-4 of the largest
 */
export async function verify(
  file: Uint8Array,
  references: readonly Reference[],
  precision: Precision,
  { inputs = (feeds) => feeds, model = (file) => file }: Renamed = {},
): Promise<Verified> {
  const bytes = model(file);
  const own = new Interpreter(readOnnx(bytes, { name: "what was written" }));
  const names = own.outputs;
  const all: Difference[][] = [];
  const engines: string[] = [];
  const large = bytes.length > LARGE;
  const session = await openOnnx(bytes);
  if (!large || session === undefined) {
    engines.push("the interpreter");
    const given = large ? [firstSample(references[0]!)] : references;
    for (const reference of given) all.push(compare(names, reference, own.run(inputs(reference.feeds))));
  }
  if (session !== undefined)
    try {
      engines.push("onnxruntime");
      for (const reference of references)
        all.push(compare(names, reference, await session.run(inputs(reference.feeds))));
    } finally {
      await session.release();
    }
  const differences = largest(all);
  const worst = differences.reduce((a, b) => (b.relative > a.relative ? b : a));
  if (precision === "fp32" && !(worst.relative <= TOLERANCE))
    throw new DataError(
      `export: "${worst.name}" differs from libtorch by ${worst.relative.toExponential(1)} of its largest entry, more than ${TOLERANCE}; nothing was written`,
    );
  return { engines, differences };
}

/** One sample of several. */
function firstSample({ feeds, values }: Reference): Reference {
  const first = (value: Value): Value => {
    const [b = 1, ...rest] = value.dims;
    return { ...value, dims: [1, ...rest], data: value.data.slice(0, value.data.length / b) };
  };
  return {
    feeds: Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, first(value)])),
    values: new Map([...values].map(([name, value]) => [name, first(value)])),
  };
}

const compare = (
  names: readonly string[],
  { values }: Reference,
  made: Readonly<Record<string, Value>>,
): Difference[] => names.map((name) => difference(name, made[name], values.get(name)!));
