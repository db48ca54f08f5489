/** @file Where the layers of a model are, and what they show of inputs that pass through. */

import { CrateDecoderLayer, DecoupledISTA, MSSA, OvercompleteISTA, TokenStatistics } from "../model/index.ts";
import { type Module, record } from "../nn/index.ts";
import type { Tensor } from "../tensor/index.ts";
import type { LayerTokens } from "./tokens.ts";

/** Layers that follow one another. */
export interface Stack {
  /** `layers`; of a model that has both, `encoder` and `decoder`. */
  name: string;
  layers: StackLayer[];
  /** The probe of what goes into the first layer. */
  tokens: string;
}

export interface StackLayer {
  /** Path below the model: `block.3`, `backbone.layer1.0`. */
  path: string;
  /** Not there where a model has a probe after its stages, but no module for each. */
  block: Module | undefined;
}

/** What is measured: a model, and how a batch goes through it. */
export interface Subject {
  model: Module;
  /** `model.apply`, unless given. */
  run?: (inputs: Tensor) => Tensor;
}

/** What a layer showed of a batch: tokens [b, n, d], or the maps of a convolution [b, c, H, W] or features [b, d]. */
export type Seen =
  | { kind: "tokens"; tokens: LayerTokens; code: Tensor | undefined }
  | { kind: "features"; values: Tensor };

const LAYER = /^(block|stage|layer\d+|decoder)\.\d+(?=\.|$)/;
const below = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);

/**
 * The layers of a model, found by the names of its modules: `block.N` and `decoder.N` of tokens, `layerS.N` and `stage.N`
 * of convolutions. Empty where there are none, as in a multilayer perceptron.
 */
export function stacksOf(model: Module): Stack[] {
  const found = new Map<string, Stack>();
  const visit = (module: Module, path: string): void => {
    for (const child of module.children) {
      const name = LAYER.exec(child.name)?.[0];
      if (name === undefined) visit(child.module, below(path, child.name));
      else {
        const part = name.startsWith("decoder") ? "decoder" : "encoder";
        const stack = found.get(part) ?? { name: part, layers: [], tokens: below(path, "tokens") };
        found.set(part, stack);
        const layer = { path: below(path, name), block: name === child.name ? child.module : undefined };
        if (!stack.layers.some((other) => other.path === layer.path)) stack.layers.push(layer);
      }
    }
  };
  visit(model, "");
  const stacks = [...found.values()];
  return stacks.length === 1 ? [{ ...stacks[0]!, name: "layers" }] : stacks;
}

/**
 * Runs a batch through the model; `body` is given its output, what each layer of each stack showed, and all of that by
 * name. The tensors are freed after it.
 * @param also other probes
 */
export function watch<T>(
  { model, run = (inputs) => model.apply(inputs) }: Subject,
  stacks: readonly Stack[],
  inputs: Tensor,
  body: (output: Tensor, seen: Seen[][], found: ReadonlyMap<string, Tensor>) => T,
  also: readonly string[] = [],
): T {
  const probes = stacks.flatMap(({ tokens, layers }) => [tokens, ...layers.flatMap(probesOf)]).concat(also);
  const { result, found } = record(model, probes, () => run(inputs), "allowed");
  try {
    const seen = stacks.map(({ tokens, layers }) =>
      layers.map((layer, l) => seenOf(layer, l === 0 ? tokens : layers[l - 1]!.path, found)),
    );
    return body(result, seen, found);
  } finally {
    for (const tensor of found.values()) tensor.dispose();
  }
}

function probesOf({ path, block }: StackLayer): string[] {
  const parts = block?.children.flatMap(({ name, module }) => {
    if (hasSubspaces(module)) return [`${path}.${name}.projection`];
    return isOvercomplete(module) ? [`${path}.${name}.code`] : [];
  });
  return [path, `${path}.half`, ...(parts ?? [])];
}

function seenOf({ path, block }: StackLayer, before: string, found: ReadonlyMap<string, Tensor>): Seen {
  const output = found.get(path)!;
  const half = found.get(`${path}.half`);
  if (output.dim !== 3 || half === undefined) return { kind: "features", values: output };
  const mixer = mixerOf(block);
  const mixed = {
    projection: [...found].find(([name]) => name.startsWith(`${path}.`) && name.endsWith(".projection"))?.[1],
    subspaces: mixer && { U: mixer.U, heads: mixer.options.heads },
    output,
  };
  // a decoder's layer mixes tokens last: what goes into MSSA is Y½, what comes out Y⁺
  const around =
    block instanceof CrateDecoderLayer ? { input: half, half: output } : { input: found.get(before), half };
  const code = [...found].find(([name]) => name.startsWith(`${path}.`) && name.endsWith(".code"))?.[1];
  return { kind: "tokens", tokens: { ...mixed, ...around }, code };
}

/** What mixes tokens by subspaces. */
type Mixer = MSSA | TokenStatistics;

const hasSubspaces = (module: Module): module is Mixer =>
  module instanceof MSSA || module instanceof TokenStatistics;

/** The part of a layer that has subspaces, where there is one. */
export const mixerOf = (block: Module | undefined): Mixer | undefined =>
  block?.children.map(({ module }) => module).find(hasSubspaces);

/** More atoms than dimensions: its code is not what the layer puts out. */
const isOvercomplete = (module: Module): boolean =>
  module instanceof OvercompleteISTA || module instanceof DecoupledISTA;
