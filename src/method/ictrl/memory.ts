/** @file What is kept of an old class: samples of its features along principal directions. */

import { createHash } from "node:crypto";
import type { ClosedLoopNets } from "../../model/index.ts";
import {
  aten,
  CheckpointError,
  cat,
  full,
  keep,
  loadTensors,
  noGrad,
  type Random,
  saveTensors,
  scope,
  type Tensor,
  UsageError,
} from "../../tensor/index.ts";

export interface MemoryOptions {
  /** Principal directions per class: 12. */
  directions: number;
  /** Samples per direction: 30 (MNIST), 40 (CIFAR-10). */
  samples: number;
  /** Features with the largest projections, to which a direction's Gaussian is fitted: 40. */
  nearest: number;
}

/**
 * Draws features like those of one class. For each of the leading right singular vectors vⱼ of F, uncentred, the
 * features with the largest |F vⱼ| are given a Gaussian N(μⱼ, Σⱼ), Σⱼ with ddof 1, and samples are drawn from it:
 *
 *     x = μⱼ + Σᵢ gᵢ (fᵢ − μⱼ) / √(m − 1),     g standard normal, one number for each of the m features
 *
 * which has that mean and covariance exactly. They are not put back on the sphere.
 *
 * @param F features of the class, [n, d]
 * @param normals [directions, samples, nearest]
 * @returns [directions · samples, d]
 * @throws {UsageError} fewer features than `nearest`, more directions than dimensions
 * @see Tong et al. 2023, sampling of the memory
 */
export function sampleMemory(
  F: Tensor,
  { directions, samples, nearest }: MemoryOptions,
  normals: Tensor,
): Tensor {
  const [n, d] = F.shape as [number, number];
  if (nearest < 2 || n < nearest)
    throw new UsageError(`memory: expected at least ${Math.max(nearest, 2)} features of a class, got ${n}`);
  if (!(directions >= 1 && directions <= d))
    throw new UsageError(
      `memory: expected 1 to ${d} directions for features of dimension ${d}, got ${directions}`,
    );
  return noGrad(() =>
    scope(() => {
      const wide = F.to("float64");
      const [, vectors] = aten<[Tensor, Tensor]>("linalg_eigh", wide.T.matmul(wide)); // rising
      const V = vectors.narrow(1, d - directions, directions).flip([1]); //     [d, directions]
      const [, rows] = wide.matmul(V).abs().T.topk(nearest, 1); //              [directions, nearest]
      const chosen = wide.indexSelect(0, rows.flatten()).reshape([directions, nearest, d]);
      const mean = chosen.mean([1], true); //                                   [directions, 1, d]
      const spread = chosen.sub(mean).div(Math.sqrt(nearest - 1));
      const drawn = normals.to("float64").matmul(spread).add(mean); //          [directions, samples, d]
      return drawn.reshape([directions * samples, d]).to(F.dtype);
    }, "memory"),
  );
}

/** Features of old classes, class by class. It owns its tensors. */
export class Memory {
  private readonly classes = new Map<number, Tensor>();

  /** Numbers of the classes, in the order in which they came. */
  get labels(): number[] {
    return [...this.classes.keys()];
  }

  /** Draws a class's memory from its features [n, d], in place of the one before. */
  remember(label: number, F: Tensor, options: MemoryOptions, random: Random): void {
    const { directions, samples, nearest } = options;
    const drawn = scope(() => {
      const normals = random.normal([directions, samples, nearest], { device: F.device });
      return sampleMemory(F, options, normals);
    });
    this.set(label, drawn);
  }

  private set(label: number, features: Tensor): void {
    const before = this.classes.get(label);
    this.classes.set(label, keep(features));
    before?.dispose();
  }

  /** The features and labels of all classes but some, the class that came first on top: [m, d] and int64 [m]. */
  all(except: readonly number[] = []): { Z: Tensor; labels: Tensor } {
    const chosen = [...this.classes].filter(([label]) => !except.includes(label));
    if (chosen.length === 0)
      throw new UsageError("memory: expected at least one class to remember, there is none");
    return scope(() => ({
      Z: cat(chosen.map(([, Z]) => Z)),
      labels: cat(chosen.map(([label, Z]) => full([Z.size(0)], label, { dtype: "int64", device: Z.device }))),
    }));
  }

  /** Bytes of the features, which is what is carried from task to task. */
  get bytes(): number {
    const size = (Z: Tensor) => Z.numel * (Z.dtype === "float64" ? 8 : 4);
    return [...this.classes.values()].reduce((sum, Z) => sum + size(Z), 0);
  }

  /** `memory.3` → [m, d]; they belong to the memory. */
  stateDict(): Map<string, Tensor> {
    return new Map([...this.classes].map(([label, Z]) => [`memory.${label}`, Z]));
  }

  /** Copies of saved features in place of what there is. */
  load(state: ReadonlyMap<string, Tensor>): void {
    const found = [...state].flatMap(([name, Z]) => {
      const label = /^memory\.(\d+)$/.exec(name)?.[1];
      return label === undefined ? [] : [[Number(label), Z] as const];
    });
    this.clear();
    // a file has its names in alphabetical order; classes come in that of their numbers
    for (const [label, Z] of found.sort(([a], [b]) => a - b))
      this.set(
        label,
        noGrad(() => Z.clone()),
      );
  }

  /** Saves to a safetensors file, with the mark of the model that the features are of. @throws {DiskError} */
  save(path: string, nets: ClosedLoopNets): void {
    saveTensors(path, this.stateDict(), new Map([["model", modelMark(nets)]]));
  }

  /** Reads what `save` wrote. @throws {CheckpointError} no memory file, or that of another model */
  static read(path: string, nets: ClosedLoopNets): Memory {
    const { tensors, metadata } = loadTensors(path);
    try {
      const mark = metadata.get("model");
      if (mark === undefined)
        throw new CheckpointError(`${path} is no memory: expected the mark of its model in the metadata`, {
          path,
        });
      if (mark !== modelMark(nets))
        throw new CheckpointError(
          `${path} is the memory of another model: its features mean nothing to this one; give the memory saved with these weights`,
          { path, expected: modelMark(nets).slice(0, 12), received: mark.slice(0, 12) },
        );
      const memory = new Memory();
      memory.load(tensors);
      return memory;
    } finally {
      for (const tensor of tensors.values()) tensor.dispose();
    }
  }

  private clear(): void {
    for (const Z of this.classes.values()) Z.dispose();
    this.classes.clear();
  }
  dispose(): void {
    this.clear();
  }
  [Symbol.dispose](): void {
    this.clear();
  }
}

/** SHA-256 over the names and numbers of both nets. */
export function modelMark({ encoder, decoder }: ClosedLoopNets): string {
  const hash = createHash("sha256");
  for (const net of [encoder, decoder])
    for (const [name, tensor] of net.stateDict()) {
      const data = scope(() => tensor.detach().to("cpu").data());
      hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  return hash.digest("hex");
}
