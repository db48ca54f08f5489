/** @file Layers of settings laid over one another, remembering which layer each value came from. */
import { UsageError } from "../base/errors.ts";

/** One source of settings. */
export interface Layer {
  /** Who says so, as a person would name it: `digits.yaml`, `VITRINE_TRAIN__EPOCHS`, `--epochs`. */
  origin: string;
  /** A tree of settings. `null` takes an earlier layer's value away. */
  values: unknown;
  /** A closer place of one value, such as `digits.yaml:12`. */
  locate?: (path: string) => string | undefined;
  /** Whether it is of a run, which an earlier version may have written: with settings of other models than its own. */
  ofRun?: boolean;
}

/** A tree of settings without a prototype, so that no key of a file can reach Object.prototype. */
export type Tree = { [key: string]: unknown };

export interface Merged {
  values: Tree;
  /** Dotted path of a leaf → who set it. */
  origins: Map<string, string>;
}

const forbidden = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Lays the layers over one another; a later one wins, trees are merged and everything else is replaced.
 * @throws UsageError on a layer that is not a tree, or with a key that JavaScript gives a meaning of its own
 */
export function mergeLayers(layers: readonly Layer[]): Merged {
  const merged: Merged = { values: Object.create(null) as Tree, origins: new Map() };
  for (const layer of layers) {
    if (!isTree(layer.values)) {
      throw new UsageError(
        `${layer.origin}: expected settings by name, received ${JSON.stringify(layer.values)}`,
        {
          path: layer.origin,
        },
      );
    }
    lay(merged.values, layer.values, "", layer, merged.origins);
  }
  return merged;
}

function lay(onto: Tree, from: Tree, prefix: string, layer: Layer, origins: Map<string, string>): void {
  for (const name of Object.keys(from)) {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    if (forbidden.has(name)) {
      throw new UsageError(`${originOf(layer, path)}: a setting cannot be called "${name}"`, { path });
    }
    const value = from[name];
    if (isTree(value)) {
      const below = onto[name];
      const tree = isTree(below) ? below : (Object.create(null) as Tree);
      if (tree !== below) forget(origins, path);
      onto[name] = tree;
      lay(tree, value, path, layer, origins);
    } else {
      forget(origins, path);
      origins.set(path, originOf(layer, path));
      if (value === null) delete onto[name];
      else onto[name] = value;
    }
  }
}

function originOf(layer: Layer, path: string): string {
  return layer.locate?.(path) ?? layer.origin;
}

function forget(origins: Map<string, string>, path: string): void {
  for (const known of origins.keys()) {
    if (known === path || known.startsWith(`${path}.`)) origins.delete(known);
  }
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
