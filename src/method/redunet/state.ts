/** @file A network's weights under the official names, in files and back. */

import { CheckpointError, loadTensors, saveTensors, scope, stack, type Tensor } from "../../tensor/index.ts";
import { compression, expansion, type Layer } from "./layer.ts";
import { ReduNet, type ReduNetOptions } from "./redunet.ts";
import { Spectrum } from "./spectrum.ts";

/**
 * Weights by the official names: `ℓ.gam`, `ℓ.E.weight`, `ℓ.Cs.j.weight`, each frequency written out; a lifting kernel
 * is `0.kernel` and layers then count from 1. The tensors are new ones.
 */
export function stateDict(net: ReduNet): Map<string, Tensor> {
  return scope(() => {
    const state = new Map<string, Tensor>();
    if (net.kernel !== undefined) state.set("0.kernel", net.kernel.clone());
    for (const [l, layer] of net.layers.entries()) {
      const [E, C, gamma] = [expansion(layer), compression(layer), layer.gamma];
      const name = l + (net.kernel === undefined ? 0 : 1);
      state.set(`${name}.gam`, gamma.clone());
      state.set(`${name}.E.weight`, net.spectrum.unfold(E).clone());
      for (let j = 0; j < gamma.numel; j++)
        state.set(`${name}.Cs.${j}.weight`, net.spectrum.unfold(C.select(1, j)).clone());
    }
    return state;
  }, "state of redunet");
}

/** How many layers there are weights of. */
export const layersIn = (state: ReadonlyMap<string, Tensor>): number =>
  new Set([...state.keys()].flatMap((name) => /^(\d+)\.(gam|E|Cs)\b/.exec(name)?.[1] ?? [])).size;

/**
 * A network from its weights.
 * @throws {CheckpointError} a name that is missing, a weight whose shape does not fit the others
 */
export function fromState(state: ReadonlyMap<string, Tensor>, options: ReduNetOptions): ReduNet {
  const required = (name: string, shape?: readonly number[]): Tensor => {
    const found = state.get(name);
    if (found === undefined) throw new CheckpointError(`the checkpoint has no "${name}"`);
    if (shape !== undefined && found.shape.join() !== shape.join())
      throw new CheckpointError(`"${name}": expected [${shape.join(", ")}], got ${found.describe()}`);
    return found;
  };
  return scope(() => {
    const kernel = state.get("0.kernel")?.clone();
    const first = kernel === undefined ? 0 : 1;
    const { shape } = required(`${first}.E.weight`); //                        [C, C, …]
    const spectrum = new Spectrum(shape.slice(1), options.dftNorm);
    const layers: Layer[] = [];
    for (let l = first; l < options.layers + first; l++)
      layers.push(
        scope(() => {
          const names = ["E", ...Array.from({ length: options.classes }, (_, j) => `Cs.${j}`)];
          const matrices = names.map((name) => spectrum.fold(required(`${l}.${name}.weight`, shape)));
          return { operators: stack(matrices, 1), gamma: required(`${l}.gam`, [options.classes]).clone() };
        }, "layer"),
      );
    return new ReduNet(options, spectrum, layers, kernel);
  }, "redunet from state");
}

/** Writes a network into a safetensors file, with its settings in the metadata. @throws {DiskError} it cannot be written */
export function saveReduNet(path: string, net: ReduNet): void {
  scope(
    () => saveTensors(path, stateDict(net), new Map([["redunet", JSON.stringify(net.settings)]])),
    "save redunet",
  );
}

/** Reads a network back. @throws {CheckpointError} not a file of a ReduNet, or a damaged one */
export function loadReduNet(path: string): ReduNet {
  return scope(() => {
    const { tensors, metadata } = loadTensors(path);
    const settings = metadata.get("redunet");
    if (settings === undefined)
      throw new CheckpointError(`${path}: expected a ReduNet's file, got one without its settings`, { path });
    return fromState(tensors, JSON.parse(settings) as ReduNetOptions);
  }, "load redunet");
}
