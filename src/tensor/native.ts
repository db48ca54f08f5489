/** @file Loads the addon, once and late: half a second that `--help` must not pay. */

import { createRequire } from "node:module";
import { OutOfMemoryError, PeerLostError, PrecisionError, TorchError, UsageError } from "../base/errors.ts";
import { addonRecord, damage, libtorchProblem, SETUP } from "./libtorch.ts";

/** A live tensor as the addon names it: generation and slot in one small integer. */
export type Handle = number;

/** What the addon exports; `native/` is its other side. */
export interface Native extends NativeGroups, Partial<NativeGraphs> {
  setErrorFactory(
    make: (kind: "usage" | "torch" | "memory" | "precision" | "peer", message: string) => Error,
  ): void;
  release(handles: Handle | readonly Handle[]): void;
  share(handle: Handle): Handle;
  shape(handle: Handle): number[];
  isContiguous(handle: Handle): boolean;
  dtype(handle: Handle): string;
  device(handle: Handle): string;
  item(handle: Handle): number | boolean;
  memory(): { tensors: number; bytes: number };
  bytes(handle: Handle): number;
  adjustMemory(bytes: number): void;
  fromBuffer(
    buffer: ArrayBuffer,
    offset: number,
    length: number,
    shape: readonly number[],
    dtype: string,
    share: boolean,
  ): Handle;
  toBuffer(handle: Handle): ArrayBuffer;
  viewBuffer(handle: Handle): ArrayBuffer;
  find(name: string): number;
  schema(operator: number): string;
  operatorNames(): string[];
  // biome-ignore lint/suspicious/noExplicitAny: arguments and result are what the operator's schema says
  call(operator: number, ...args: any[]): any;
  callChecked(operator: number, args: readonly unknown[], keywords: object | null): unknown;
  gradients(
    outputs: readonly Handle[],
    inputs: Int32Array | readonly Handle[],
    outer: readonly Handle[] | null,
    createGraph: boolean,
    retainGraph: boolean,
  ): (Handle | null)[];
  requiresGrad(handle: Handle): boolean;
  setRequiresGrad(handle: Handle, required: boolean): void;
  setGradMode(enabled: boolean): boolean;
  versions(): {
    torch: string;
    config: string;
    capability: string | null;
    cuda: boolean;
    /** GPUs that libtorch finds. */
    gpus: number;
    /** Whether the addon was compiled with NCCL. */
    nccl: boolean;
    mkldnn: boolean;
    parallel: string;
    openmp: boolean;
  };
  threads(): number;
  setThreads(count: number): void;
  setAutocast(device: string, dtype: string | null, entering: boolean): string | null;
  generator(seed: bigint, index?: number): number;
  manualSeed(seed: bigint): void;
  setDeterministic(on: boolean): void;
  setTF32(allowed: boolean): void;
  tf32(): boolean;
  channelsLast(handle: Handle): boolean;
  profileStart(): void;
  profileEnd(): [operator: string, calls: number, seconds: number][];
  /** RGB [box height, box width, 3] of a JPEG's box into `out`; whether the file is whole: `src/data/image/jpeg.ts`. There where set-up found libjpeg-turbo. */
  decodeJpeg?(
    bytes: Uint8Array,
    sizes: readonly [
      width: number,
      height: number,
      left: number,
      top: number,
      boxWidth: number,
      boxHeight: number,
    ],
    out: Uint8Array,
  ): boolean;
  /** RGB [height, width, 3] summed along both into `out`, [rows, columns, 3] or planar [3, rows, columns]: `src/data/image/resample.ts`. */
  resample(
    data: Uint8Array,
    sizes: readonly [
      height: number,
      width: number,
      rows: number,
      mostDown: number,
      columns: number,
      mostAcross: number,
    ],
    firstDown: Int32Array,
    countDown: Int32Array,
    weightsDown: Int32Array,
    firstAcross: Int32Array,
    countAcross: Int32Array,
    weightsAcross: Int32Array,
    planar: boolean,
    out: Uint8Array,
  ): void;
}

/** Groups of processes, by number: `src/tensor/group.ts`. Only `groupOpen` is there with a libtorch before 1.13. */
interface NativeGroups {
  groupOpen(
    host: string,
    port: number,
    rank: number,
    size: number,
    serves: boolean,
    prefix: string,
    network: string,
    startMs: number,
    stepMs: number,
    nccl: boolean,
  ): Promise<number>;
  groupClose(group: number): void;
  groupBarrier(group: number): Promise<void>;
  groupSet(group: number, key: string, text: string): void;
  groupGet(group: number, key: string): Promise<string>;
  groupBytes(group: number): number;
  groupAllReduce(group: number, handle: Handle, how: "sum" | "max" | "min"): void;
  groupAllGather(group: number, handle: Handle): Handle;
  groupReduceScatter(group: number, handle: Handle): Handle;
  groupBroadcast(group: number, handle: Handle, root: number): void;
  groupTree(group: number, handle: Handle): void;
  groupSum(group: number, handle: Handle, values: boolean, gradients: boolean): Handle;
  groupSumGrams(group: number, handle: Handle): Handle;
  groupAllToAll(group: number, handle: Handle, sent: readonly number[], received: readonly number[]): Handle;
  groupGradients(
    group: number,
    loss: Handle,
    inputs: Int32Array,
    firstBytes: number,
    bucketBytes: number,
  ): Handle[];
}

/** CUDA graphs: `src/tensor/cuda-graph.ts`. There where `native/cuda/` was compiled. */
interface NativeGraphs {
  cudaBeside<T>(device: string, body: () => T): T;
  cudaCapture(device: string, body: () => void): object;
  cudaReplay(graph: object): void;
  cudaForget(graph: object): void;
}

let loaded: Native | undefined;

/** The addon. @throws {UsageError} when it is not built, or not for the libtorch that is here. */
export function native(): Native {
  loaded ??= load();
  return loaded;
}

/**
 * Runs `body` with another object in the addon's place: what records its calls. Its properties cannot be replaced, so it is
 * wrapped; outside of `body` nothing is slower.
 */
export function withNative<T>(wrap: (addon: Native) => Native, body: () => T): T {
  const addon = native();
  loaded = wrap(addon);
  try {
    return body();
  } finally {
    loaded = addon;
  }
}

/** Whether anything has needed the addon yet. */
export const isLoaded = (): boolean => loaded !== undefined;

function load(): Native {
  const record = addonRecord();
  if (typeof record === "string") throw new UsageError(record);
  const problem = damage(record);
  if (problem !== undefined) throw new UsageError(problem, { path: record.addon });
  let addon: Native;
  try {
    addon = createRequire(import.meta.url)(record.addon) as Native;
  } catch (cause) {
    throw new UsageError(libtorchProblem(record, cause), { path: record.addon, cause });
  }
  const { torch } = addon.versions();
  if (torch !== record.version.split("+")[0])
    throw new UsageError(`the addon was built for libtorch ${record.version} but holds ${torch}; ${SETUP}`);
  addon.setErrorFactory((kind, message) => {
    if (kind === "memory") return new OutOfMemoryError(`libtorch could not allocate: ${message}`);
    if (kind === "peer") return new PeerLostError(message);
    if (kind === "precision") return new PrecisionError(message);
    return kind === "usage" ? new UsageError(message) : new TorchError(message);
  });
  return addon;
}
