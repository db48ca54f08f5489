/** @file Saves a checkpoint: all of it under a temporary name, onto the disk, and only then under its own. */

import { createHash } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { NotFiniteError, UsageError } from "../base/errors.ts";
import { type JsonRecord, toJsonLine } from "../base/json-line.ts";
import { syncFolder, writeAll, writing } from "../base/write-file.ts";
import type { Tensor } from "../tensor/index.ts";
import { scope } from "../tensor/scope.ts";
import { tensorChunks } from "../tensor/tensor-file.ts";
import {
  makeFolder,
  movePointer,
  nameOf,
  optimizerFiles,
  prune,
  publish,
  removeLeftovers,
} from "./checkpoint-folder.ts";
import { formatSums, PIECE } from "./checkpoint-sums.ts";
import { failpoint } from "./failpoint.ts";

/** The version of the layout, in `trainer_state.json`. */
export const FORMAT = 1;

/** What a checkpoint holds. */
export interface Snapshot {
  /** What the model was built and trained by, as plain JSON. */
  config: object;
  /** Parameters under the official names. */
  model: ReadonlyMap<string, Tensor>;
  optimizer: ReadonlyMap<string, Tensor>;
  /** In its place, in as many files, where several processes have a part of it each. */
  optimizers?: readonly ReadonlyMap<string, Tensor>[];
  /** Moving averages of the parameters, where the run keeps them. */
  ema?: ReadonlyMap<string, Tensor>;
  /** Where the run is, as plain JSON: step, epoch, batch in the epoch, best metric, … Numbers need not be finite. */
  state: object;
}

/**
 * Saves a snapshot as `FOLDER/step-00001000` and points `last`, and with `best` also `best`, at it; then removes all
 * but the newest `keep`, the last and the best. A crash at any instant leaves the checkpoint before it usable. A
 * checkpoint of the same step is replaced.
 *
 * @param folder `RUN/checkpoints`; it is made if it is not there, the run's folder is not
 * @returns the checkpoint's name
 * @throws {DiskError} it cannot be written; the checkpoints before it are as they were
 * @throws {NotFiniteError} a parameter is infinite or not a number, and the checkpoint was to be the best
 * @throws {CheckpointError} a tensor has no place in safetensors (complex128)
 */
export function saveCheckpoint(
  folder: string,
  step: number,
  snapshot: Snapshot,
  { keep, best }: { keep: number; best: boolean },
): string {
  for (const [what, value] of Object.entries({ step, keep }))
    if (!Number.isSafeInteger(value) || value < 0)
      throw new UsageError(`saveCheckpoint: expected ${what} to be a whole number, got ${value}`);
  if (best) refuseNotFinite(snapshot, step);
  makeFolder(folder);
  removeLeftovers(folder);
  const name = nameOf(step);
  const temporary = join(folder, `.tmp-${name}-${process.pid}`);
  try {
    writing(temporary, () => mkdirSync(temporary));
    writeSnapshot(temporary, step, snapshot, best);
    publish(folder, temporary, name);
  } catch (error) {
    try {
      rmSync(temporary, { recursive: true, force: true });
    } catch {} // the first error says more; the next save removes it
    throw error;
  }
  // best first: a save counts as done, and is resumed from, when `last` points at it
  if (best) movePointer(folder, "best", name);
  movePointer(folder, "last", name);
  prune(folder, keep);
  return name;
}

function writeSnapshot(folder: string, step: number, snapshot: Snapshot, best: boolean): void {
  const { config, model, optimizer, optimizers = [optimizer], ema, state } = snapshot;
  const sums = new Map<string, string>();
  const tensorSums: Record<string, Record<string, number>> = {};
  const write = (name: string, chunks: Iterable<Chunk>) => {
    const written = writeFile(join(folder, name), chunks);
    sums.set(name, written.sha256);
    return written;
  };
  write("config.json", json(config));
  const moments = optimizerFiles(optimizers.length).map((name, rank) => [name, optimizers[rank]] as const);
  const files = [["ema.safetensors", ema], ["model.safetensors", model], ...moments] as const;
  for (const [name, tensors] of files) {
    if (tensors === undefined) continue;
    const { crc } = write(name, tensorChunks(tensors, new Map([["format", "pt"]])));
    tensorSums[name] = Object.fromEntries(crc);
  }
  write("trainer_state.json", json({ format: FORMAT, step, best, state, crc32: tensorSums }));
  writeFile(join(folder, "SHA256SUMS"), text(formatSums(sums)));
  failpoint("checkpoint.fsync");
  writing(folder, () => syncFolder(folder));
}

interface Chunk {
  name?: string;
  bytes: Uint8Array;
}

const text = (content: string): Chunk[] => [{ bytes: new TextEncoder().encode(content) }];

/** For people to read; numbers that are not finite as in `json-line.ts`. */
const json = (value: object): Chunk[] =>
  text(`${JSON.stringify(JSON.parse(toJsonLine(value as JsonRecord)), null, 2)}\n`);

/** Writes a file onto the disk; the hash of the whole and the CRC-32 of each chunk that has a name. */
function writeFile(path: string, chunks: Iterable<Chunk>): { sha256: string; crc: Map<string, number> } {
  const hash = createHash("sha256");
  const crc = new Map<string, number>();
  writing(path, () => {
    failpoint("checkpoint.open");
    const fd = openSync(path, "wx");
    try {
      for (const { name, bytes } of chunks) {
        let sum = 0;
        for (let at = 0; at < bytes.length; at += PIECE) {
          const piece = bytes.subarray(at, at + PIECE);
          failpoint("checkpoint.write");
          writeAll(fd, piece);
          hash.update(piece);
          if (name !== undefined) sum = crc32(piece, sum);
        }
        if (name !== undefined) crc.set(name, sum);
      }
      failpoint("checkpoint.fsync");
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  });
  return { sha256: hash.digest("hex"), crc };
}

/** A model that is not finite is never the best, whatever its metric says. */
function refuseNotFinite({ model, ema }: Snapshot, step: number): void {
  for (const [part, tensors] of Object.entries({ model, ema }))
    for (const [name, tensor] of tensors ?? [])
      if (!scope(() => tensor.isFinite().all().item()))
        throw new NotFiniteError(
          `${part} "${name}" is not finite at step ${step}, so it is not saved as the best; lower the learning rate`,
        );
}
