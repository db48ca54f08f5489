/** @file Reference files: tensors made by the authors' code, and how far ours are from them. */

import { readFileSync } from "node:fs";
import { scope, type Tensor, tensor, UsageError } from "../../src/tensor/index.ts";
import { parseSafetensors } from "../../src/tensor/safetensors.ts";

/** One reference file: what to build, and its tensors. */
export interface Golden {
  path: string;
  kind: string;
  config: Record<string, unknown>;
  metadata: ReadonlyMap<string, string>;
  tensors: Map<string, Tensor>;
}

/** Reads a reference file into the open scope. @throws {UsageError} without `kind` and `config` in its metadata */
export function readGolden(path: string): Golden {
  const { metadata, entries } = parseSafetensors(readFileSync(path), path);
  const kind = metadata.get("kind");
  const config = metadata.get("config");
  if (kind === undefined || config === undefined)
    throw new UsageError(
      `${path}: expected "kind" and "config" in the metadata, got ${[...metadata.keys()].join(", ") || "none"}`,
    );
  const tensors = new Map<string, Tensor>();
  for (const [name, { dtype, shape, bytes }] of entries) {
    const aligned = new Uint8Array(bytes).buffer; // a copy: views into the file may start anywhere
    const array =
      dtype === "int64"
        ? new BigInt64Array(aligned)
        : dtype === "float64"
          ? new Float64Array(aligned)
          : new Float32Array(aligned);
    tensors.set(name, tensor(array, { shape }));
  }
  return { path, kind, config: JSON.parse(config), metadata, tensors };
}

/** The reference tensors below a prefix, without it: "param." → parameters by name. */
export function below(golden: Golden, prefix: string): Map<string, Tensor> {
  const found = [...golden.tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(found.map(([name, value]) => [name.slice(prefix.length), value]));
}

type Sides = number | [height: number, width: number];

/** Sizes of a model of patches, as the authors' configurations name them; images and patches may have two sides. */
export function patchSizes({ path, config }: Golden) {
  const { image_size, patch_size, dim, depth, heads } = config;
  const sides = (value: unknown): value is Sides =>
    [value].flat().every((side) => typeof side === "number" && side > 0) && [value].flat().length <= 2;
  const whole = [dim, depth, heads].every((value) => typeof value === "number" && value > 0);
  if (!sides(image_size) || !sides(patch_size) || !whole)
    throw new UsageError(`${path}: expected sizes in config, got ${JSON.stringify(config)}`);
  const sizes = { dim, depth, heads } as { dim: number; depth: number; heads: number };
  return { imageSize: image_size, patch: patch_size, ...sizes };
}

export function required(golden: Golden, name: string): Tensor {
  const found = golden.tensors.get(name);
  if (found === undefined) throw new UsageError(`${golden.path}: expected a tensor "${name}"`);
  return found;
}

/** max |ours − theirs| / max |theirs|; infinite where ours is not a number or of another shape. */
export function relativeError(ours: Tensor, theirs: Tensor): number {
  if (ours.shape.join() !== theirs.shape.join()) return Number.POSITIVE_INFINITY;
  return scope(() => {
    const wide = theirs.to("float64");
    const difference = ours.detach().to("float64").sub(wide).abs().max().item();
    const size = wide.abs().max().item();
    return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference / (size > 0 ? size : 1);
  }, "relativeError");
}

/** Relative errors by name. */
export interface Comparison {
  outputs: Map<string, number>;
  gradients: Map<string, number>;
}

/** Builds what a file describes, runs it, and compares. */
export type Kind = (golden: Golden) => Comparison;

/** The largest error and its name; zero where nothing was compared. */
export function largest(errors: ReadonlyMap<string, number>): { name: string; error: number } {
  let worst = { name: "", error: 0 };
  for (const [name, error] of errors) if (error >= worst.error) worst = { name, error };
  return worst;
}
