/** @file What a run is made of, as checkpoints save it: nets, descents, memories. */

import type { Module } from "../nn/index.ts";
import type { Tensor } from "../tensor/index.ts";
import type { LoadedCheckpoint } from "./checkpoint.ts";

type Tensors = ReadonlyMap<string, Tensor>;

/** What a part puts into a checkpoint. */
export interface Saved {
  /** Into `model.safetensors`, `optimizer.safetensors` and `ema.safetensors`, under names that no other part has. */
  model?: Tensors;
  optimizer?: Tensors;
  ema?: Tensors;
  /** Plain JSON, under the part's own name. */
  state?: object;
}

/** What a part is restored from: all tensors of the checkpoint, and the JSON that it saved. */
export type Restored = Pick<LoadedCheckpoint, "model" | "optimizer" | "ema"> & { state: object };

export interface Stateful {
  /** Tensors made for it are freed after the save. */
  saved(): Saved;
  /** What of the optimiser's tensors each process has, rank by rank, where they are shared out: every rank asks, rank 0 is told. */
  readonly shared?: (() => ReadonlyMap<string, Tensor>[]) | undefined;
  /** Goes on exactly from what was saved. @throws {CheckpointError} a tensor is missing or has another shape */
  restore(saved: Restored): void;
  /** What a forward pass may change, as it does running statistics; they stay the same tensors. */
  readonly drifting?: readonly Tensor[];
  /** Runs `body` with averaged parameters in place of its own, where it keeps an average. */
  averaged?<T>(body: () => Promise<T>): Promise<T>;
}

/** The parameters and buffers of a net, their names behind a prefix. */
export const weights = (net: Module, prefix = ""): Stateful => ({
  saved: () => ({ model: above(net.stateDict(), prefix) }),
  get drifting() {
    const learned = net.namedParameters();
    return [...net.stateDict()].flatMap(([name, tensor]) => (learned.has(name) ? [] : [tensor]));
  },
  restore: ({ model }) => void net.load(prefix === "" ? model : below(model, prefix)),
});

/** Tensors under names with a prefix. */
export const above = (tensors: Tensors, prefix: string): Map<string, Tensor> =>
  new Map([...tensors].map(([name, tensor]) => [prefix + name, tensor]));

/** The tensors whose names begin with a prefix, without it. */
export const below = (tensors: Tensors, prefix: string): Map<string, Tensor> =>
  new Map(
    [...tensors].flatMap(([name, tensor]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), tensor] as const] : [],
    ),
  );

/** The parameters to evaluate a checkpoint with: the averaged ones where it has some. */
export const weightsOf = ({ model, ema }: Pick<LoadedCheckpoint, "model" | "ema">): Map<string, Tensor> =>
  new Map([...model, ...(ema ?? [])]);
