/** @file Weights into a model of the same family, whose head or number of patches may differ. */

import { gridOf, type Size } from "../../base/size.ts";
import { familiesOf, type Grid, interpolatePositions } from "../../model/index.ts";
import type { Module } from "../../nn/index.ts";
import { CheckpointError, noGrad, scope, type Tensor, UsageError } from "../../tensor/index.ts";
import { describeArchitecture, recognise } from "./recognise.ts";

/** Names of tensors, and what became of them. */
export interface Transfer {
  /** Taken as they are. */
  loaded: string[];
  /** Positions, brought to another number of patches. */
  resized: string[];
  /** In the model, not among the weights: left as they were initialised. */
  missing: string[];
  /** Of the head, for another number of classes: left as they were initialised. */
  reinitialised: string[];
  /** Among the weights, not in the model. */
  unused: string[];
}

/** Tensors of heads, and of positions, in any family. */
const isHead = (name: string): boolean => familiesOf().some(({ head }) => head?.includes(name));
const isPositions = (name: string): boolean =>
  familiesOf().some(({ positions }) => positions?.includes(name));
/** A model that gets less than this share of its tensors is another one. */
const LEAST = 0.5;

/**
 * Copies weights into the model's tensors of the same names.
 *
 * @param from where the weights are from, for messages
 * @param trained settings of the weights' model: its grid of patches, which is a square where nothing is known
 * @throws {CheckpointError} a tensor of another shape; weights of another family. The model is then as it was
 */
export function transfer(
  model: Module,
  weights: ReadonlyMap<string, Tensor>,
  from: string,
  trained?: Patched,
): Transfer {
  const own = model.stateDict();
  const found: Transfer = { loaded: [], resized: [], missing: [], reinitialised: [], unused: [] };
  const copies: (() => void)[] = [];
  const refused = () =>
    new CheckpointError(
      `${from}: holds ${describeArchitecture(recognise(weights))}; the model is ${describeArchitecture(recognise(own))}`,
      { path: from },
    );
  for (const [name, target] of own) {
    const given = weights.get(name);
    const same = given?.shape.join() === target.shape.join();
    if (given === undefined) found.missing.push(name);
    else if (same) {
      found.loaded.push(name);
      copies.push(() => void target.copy_(given));
    } else if (isHead(name)) found.reinitialised.push(name);
    else if (isPositions(name) && given.dim === 3 && given.shape.at(-1) === target.shape.at(-1)) {
      found.resized.push(name);
      const before = gridFor(given.size(1), name, from, trained);
      const after = gridFor(target.size(1), name, from, (model as Module & { options?: Patched }).options);
      copies.push(() => void target.copy_(interpolatePositions(given, before, after)));
    } else if (
      found.loaded.length < own.size * LEAST &&
      recognise(weights)?.family !== recognise(own)?.family
    )
      throw refused();
    else
      throw new CheckpointError(
        `${from}: "${name}" is ${given.describe()}, the model has ${target.describe()}; it holds ${describeArchitecture(recognise(weights))}`,
        { path: from },
      );
  }
  if (found.loaded.length + found.resized.length < own.size * LEAST) throw refused();
  found.unused = [...weights.keys()].filter((name) => !own.has(name));
  noGrad(() => scope(() => copies.forEach((copy) => void copy()), "transfer"));
  return found;
}

/** Options of a model of patches. */
type Patched = Readonly<{ imageSize?: Size; patch?: Size }>;

/** Rows and columns behind n positions: of the model's options, else of a square. */
export function gridFor(n: number, name: string, from: string, { imageSize, patch }: Patched = {}): Grid {
  const grid = imageSize !== undefined && patch !== undefined ? gridOf(imageSize, patch) : undefined;
  if (grid !== undefined && grid[0] * grid[1] === n - 1) return grid;
  const side = Math.sqrt(n - 1);
  if (!Number.isInteger(side))
    throw new CheckpointError(
      `${from}: "${name}" has ${n} positions, which are no square of patches and a class token`,
    );
  return [side, side];
}

/** The first of some names, and how many more. */
export const some = (names: readonly string[]): string =>
  `${names.slice(0, 3).join(", ")}${names.length > 3 ? ` and ${names.length - 3} more` : ""}`;

/** What became of the tensors, in one line. */
export function inWords({ loaded, resized, missing, reinitialised, unused }: Transfer, from: string): string {
  const parts = [
    `${loaded.length} tensors loaded`,
    ...(resized.length > 0 ? [`${some(resized)} interpolated`] : []),
    ...(reinitialised.length > 0 ? [`${some(reinitialised)} new, for another number of classes`] : []),
    ...(missing.length > 0 ? [`not there: ${some(missing)}`] : []),
    ...(unused.length > 0 ? [`not used: ${some(unused)}`] : []),
  ];
  return `${from}: ${parts.join("; ")}`;
}

/** Settings that no tensor's shape shows, but without which the same weights are another function. */
const HIDDEN = [
  "heads",
  "headDim",
  "eta",
  "lambda",
  "tiedOutput",
  "residual",
  "compression",
  "sign",
  "skipFrom",
  "sparsify",
];

/** What ViTs of other libraries have and no recipe's has, and how that is told. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  layerScale: "layer scale",
  registers: "registers",
  preNorm: "a norm before the first layer",
  activation: "quick GELU",
};

/**
 * @throws {UsageError} a setting of the model differs from that which the weights were trained with, or the weights are of
 *   another library's network that no recipe has
 */
export function requireSettings(
  model: Readonly<Record<string, unknown>>,
  trained: Readonly<Record<string, unknown>> | undefined,
  from: string,
): void {
  const strange = Object.keys(ELSEWHERE).find(
    (key) => ![undefined, false, "gelu"].includes(trained?.[key] as boolean),
  );
  if (strange !== undefined)
    throw new UsageError(
      `method.init: ${from} has ${ELSEWHERE[strange]}, which no recipe's model has; inspect and segment take it, training does not`,
      { path: "method.init" },
    );
  const key = HIDDEN.find(
    (key) => model[key] !== undefined && trained?.[key] !== undefined && model[key] !== trained[key],
  );
  if (key === undefined) return;
  throw new UsageError(
    `model.${key}: ${from} was trained with ${trained![key]}, this recipe has ${model[key]}; give --model.${key} ${trained![key]}`,
    { path: `model.${key}` },
  );
}
