/** @file The operators of ONNX that the interpreter has, by their names. */

import { convolving } from "./convolve.ts";
import { elementwise } from "./elementwise.ts";
import { normalising } from "./normalise.ts";
import type { Operator } from "./operator.ts";
import { products } from "./product.ts";
import { shaping } from "./shape.ts";

export type { Operator } from "./operator.ts";
export const operators: ReadonlyMap<string, Operator> = new Map(
  Object.entries({ ...elementwise, ...shaping, ...products, ...normalising, ...convolving }),
);
