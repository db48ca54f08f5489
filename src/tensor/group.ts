/** @file Processes that compute as one: collectives in place, and sums over ranks that gradients pass. */

import { UsageError } from "../base/errors.ts";
import { cat, handles, tensor, zeros } from "./create.ts";
import { native } from "./native.ts";
import { wrap } from "./run.ts";
import { scope } from "./scope.ts";
import type { Tensor } from "./tensor.ts";

export interface GroupSettings {
  /** Number of this process, from 0. */
  rank: number;
  /** P, the number of processes. */
  size: number;
  /** Where the store listens by which the processes meet: on rank 0, or on the launcher. */
  host: string;
  port: number;
  /** Whether a launcher serves the store; else rank 0 does. */
  served?: boolean;
  /** Before the store's keys; another one for each attempt where a launcher starts processes again. */
  prefix?: string;
  /** Network interface, such as "eth0"; libtorch's choice unless given. */
  network?: string | undefined;
  /** Whether tensors on GPUs travel from GPU to GPU, by NCCL; else by way of the CPU, by Gloo, as all others do. */
  nccl?: boolean;
  /** Seconds in which all processes have to come, 300 unless given; and those that a collective may take, 60. */
  startSeconds?: number;
  stepSeconds?: number;
}

/**
 * Waits for all processes and connects them.
 * @throws {PeerLostError} which ranks did not come, or an address that nothing answers at
 * @throws {UsageError} rank 0 cannot listen there; a libtorch before 1.13; NCCL that the addon is not compiled with
 */
export async function openGroup(settings: GroupSettings): Promise<Group> {
  const { rank, size, host, port, served = false, prefix = "vitrine", network = "" } = settings;
  const { startSeconds = 300, stepSeconds = 60, nccl = false } = settings;
  if (nccl && !native().versions().nccl)
    throw new UsageError("group: the addon is not compiled with NCCL; leave out nccl, or see docs/gpu.md");
  const number = await native().groupOpen(
    host,
    port,
    rank,
    size,
    !served && rank === 0,
    prefix,
    network,
    Math.ceil(startSeconds * 1000),
    Math.ceil(stepSeconds * 1000),
    nccl,
  );
  return new Group(number, rank, size);
}

/**
 * P processes, of which this one is number `rank`. Every rank calls the same collectives in the same order, with tensors of
 * the same shape: one that is left out makes the others wait, until each throws a `PeerLostError` that names ranks and
 * collective. They are synchronous; results have the same bits on all ranks.
 */
export class Group {
  constructor(
    /** Its number in the addon. */
    readonly id: number,
    readonly rank: number,
    readonly size: number,
  ) {}

  /** Bytes of the results of all collectives so far; a ring sends 2(P − 1)/P of those of a sum. */
  get bytes(): number {
    return native().groupBytes(this.id);
  }

  /** x ← Σ over ranks, or the largest or smallest; x itself. */
  allReduce(x: Tensor, how: "sum" | "max" | "min" = "sum"): Tensor {
    native().groupAllReduce(this.id, x.h, how);
    return x;
  }

  /** x ← Σ over ranks as ((0 + 1) + (2 + 3)) + …, the same bits for any P that is a power of two; x itself. */
  sumInTree(x: Tensor): Tensor {
    native().groupTree(this.id, x.h);
    return x;
  }

  /** The tensors of all ranks: [...] → [P, ...]. */
  allGather(x: Tensor): Tensor {
    return wrap(native().groupAllGather(this.id, x.h));
  }

  /** This rank's part of Σ over ranks: [P, ...] → [...]. */
  reduceScatter(x: Tensor): Tensor {
    return wrap(native().groupReduceScatter(this.id, x.h));
  }

  /** Rows for other ranks: sent[r] rows of x go to rank r, received[r] rows come from it: [Σ sent, ...] → [Σ received, ...]. */
  allToAll(x: Tensor, sent: readonly number[], received: readonly number[]): Tensor {
    return wrap(native().groupAllToAll(this.id, x.h, sent, received));
  }

  /** x ← that of rank `root`; x itself. */
  broadcast(x: Tensor, root = 0): Tensor {
    native().groupBroadcast(this.id, x.h, root);
    return x;
  }

  /** Numbers of every rank, rank by rank. */
  numbers(own: readonly number[]): number[][] {
    const all = scope(() => this.allGather(tensor(Float64Array.from(own))).numbers());
    return Array.from({ length: this.size }, (_, r) => all.slice(r * own.length, (r + 1) * own.length));
  }

  /** Σ over ranks of numbers, by name. */
  sums<Name extends string>(own: Readonly<Record<Name, number>>): Record<Name, number> {
    const names = Object.keys(own) as Name[];
    const here = Float64Array.from(names, (name) => own[name]);
    const all = scope(() => this.allReduce(tensor(here)).numbers());
    return Object.fromEntries(names.map((name, i) => [name, all[i]])) as Record<Name, number>;
  }

  /** The text of rank `root`, on every rank. */
  text(own: string, root = 0): string {
    const bytes = Buffer.from(own, "utf8");
    const length = this.numbers([bytes.length])[root]![0]!;
    if (length === 0) return "";
    return scope(() => {
      const room = Uint8Array.from({ length }, (_, i) => (this.rank === root ? bytes[i]! : 0));
      return Buffer.from(this.broadcast(tensor(room), root).data() as Uint8Array).toString("utf8");
    }, "text");
  }

  /** Resolves once every rank has come here. */
  barrier(): Promise<void> {
    return native().groupBarrier(this.id);
  }

  /** Leaves a text for other ranks. */
  put(key: string, text: string): void {
    native().groupSet(this.id, key, text);
  }

  /** The text that a rank has left, once it is there. */
  get(key: string): Promise<string> {
    return native().groupGet(this.id, key);
  }

  /** Ends the connections once every rank has come here, or at once after a failure. */
  async close({ failed = false } = {}): Promise<void> {
    try {
      if (!failed) await this.barrier();
    } finally {
      native().groupClose(this.id);
    }
  }
}

/** Σ over ranks of x, for a loss that every rank computes alike: its gradient passes as it is. */
export const sumReplicated = (x: Tensor, group: Group): Tensor =>
  wrap(native().groupSum(group.id, x.h, true, false));

/** Σ over ranks of x, for statistics that each rank's own loss uses: its gradient is the sum of theirs. */
export const sumShared = (x: Tensor, group: Group): Tensor =>
  wrap(native().groupSum(group.id, x.h, true, true));

/** x itself, where all ranks hold the same and each rank's own loss uses it: its gradient is the sum of theirs. */
export const shared = (x: Tensor, group: Group): Tensor =>
  wrap(native().groupSum(group.id, x.h, false, true));

/** Σ over ranks of symmetric matrices, [S, d, d], by their lower triangles; the gradient passes as with `sumReplicated`. */
export const sumGrams = (grams: Tensor, group: Group): Tensor =>
  wrap(native().groupSumGrams(group.id, grams.h));

/**
 * The rows of all ranks, for a loss that every rank computes alike: Z [n_r, ...] → [n, ...]. This rank's rows carry its
 * gradient.
 * @param counts n_r of every rank; asked for unless given
 */
export function gatherRows(Z: Tensor, group: Group, counts?: readonly number[]): Tensor {
  const rows = counts ?? group.numbers([Z.size(0)]).map(([count]) => count!);
  if (rows[group.rank] !== Z.size(0))
    throw new UsageError(`gather: expected ${rows[group.rank]} rows, got ${Z.describe()}`);
  const sent = rows.map(() => Z.size(0));
  return scope(() => {
    const all = group.allToAll(cat(rows.map(() => Z.detach())), sent, rows);
    const before = rows.slice(0, group.rank).reduce((sum, count) => sum + count, 0);
    const after = before + Z.size(0);
    return cat([all.narrow(0, 0, before), Z, all.narrow(0, after, all.size(0) - after)]);
  }, "gather rows");
}

/** The same for losses of which each rank has its own part: the gradient of a row is the sum of theirs. */
export function gatherShared(Z: Tensor, group: Group, counts: readonly number[]): Tensor {
  const zerosOf = (rows: readonly number[]) => {
    const total = rows.reduce((sum, count) => sum + count, 0);
    return zeros([total, ...Z.shape.slice(1)], { dtype: Z.dtype, device: Z.device });
  };
  const { rank } = group;
  const placed = () => cat([zerosOf(counts.slice(0, rank)), Z, zerosOf(counts.slice(rank + 1))]);
  return scope(() => sumShared(placed(), group), "gather rows");
}

export interface GradientsReducedOptions {
  /** Bytes of gradients that travel together: of the first bucket, 1 MiB unless given, and of the others, `bucketBytesOf(P)`. */
  firstBytes?: number;
  bucketBytes?: number;
}

/**
 * P/2 MiB, from 1 to 25. The last bucket is full only when the backward pass is over, and hides behind nothing, so buckets are
 * small; but each takes 2(P − 1) rounds of latency, which grow with P.
 */
export const bucketBytesOf = (P: number): number => Math.min(25, Math.max(1, P / 2)) * 2 ** 20;

/**
 * Σ over ranks of ∂loss/∂p for every p, sent in buckets while the backward pass still runs; zeros where no rank's loss
 * depends on a parameter. The loss's graph is freed.
 */
export function gradientsReduced(
  loss: Tensor,
  parameters: readonly Tensor[],
  group: Group,
  { firstBytes = 2 ** 20, bucketBytes = bucketBytesOf(group.size) }: GradientsReducedOptions = {},
): Tensor[] {
  return native().groupGradients(group.id, loss.h, handles(parameters), firstBytes, bucketBytes).map(wrap);
}
