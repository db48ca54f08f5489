/** @file Loads a checkpoint: nothing of it is used before all of it has passed its checksums. */

import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { CheckpointError } from "../base/errors.ts";
import { fromJsonLine, type JsonRecord } from "../base/json-line.ts";
import { hint } from "../base/nearest.ts";
import type { Tensor } from "../tensor/index.ts";
import { scope } from "../tensor/scope.ts";
import { readWhole, tensorsIn } from "../tensor/tensor-file.ts";
import {
  listCheckpoints,
  newestFirst,
  optimizerFiles,
  type Pointer,
  pathOf,
  readPointer,
} from "./checkpoint-folder.ts";
import { FORMAT } from "./checkpoint-save.ts";
import { findDamage, parseSums, sha256, type TensorSums } from "./checkpoint-sums.ts";

/** A checkpoint in memory. Its tensors belong to the caller, or to the scope that is open. */
export interface LoadedCheckpoint {
  /** `step-00001000` */
  name: string;
  config: object;
  model: Map<string, Tensor>;
  optimizer: Map<string, Tensor>;
  ema?: Map<string, Tensor>;
  state: object;
  /** Settings, by dotted path, that are others in the run that goes on from it, where that was allowed. */
  changed?: readonly string[];
  /** Newer checkpoints that `auto` passed over, and why. */
  skipped: { name: string; reason: string }[];
}

/**
 * Loads a checkpoint, if all its files pass their checksums.
 *
 * @param folder `RUN/checkpoints`
 * @param which `last`, `best`, a name in the folder, or the path of a checkpoint; `auto` is the newest that is good
 * @returns nothing when `which` is `auto` and there is no checkpoint at all
 * @throws {CheckpointError} there is none of that name; a file is missing or damaged, which names the tensor where it
 *   lies in one; with `auto`, none is good
 */
export function loadCheckpoint(
  folder: string,
  which: "last" | "best",
  options?: { device?: string },
): LoadedCheckpoint;
export function loadCheckpoint(
  folder: string,
  which: string,
  options?: { device?: string },
): LoadedCheckpoint | undefined;
export function loadCheckpoint(folder: string, which: string, options: { device?: string } = {}) {
  if (which === "auto") return loadNewest(folder, options);
  try {
    if (which === "last" || which === "best") return loadPointer(folder, which, options);
    if (/[/\\]/.test(which)) return read(which, basename(which), options);
    const names = listCheckpoints(folder).map(({ name }) => name);
    if (!names.includes(which))
      throw new CheckpointError(`no checkpoint "${which}" in ${folder}${hint(which, names)}`, {
        path: folder,
      });
    return read(pathOf(folder, which), which, options);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    const { message, path, cause } = error;
    const facts = { cause, ...(path !== undefined && { path }) };
    throw new CheckpointError(`${message}; "auto" takes the newest good one`, facts);
  }
}

function loadNewest(folder: string, options: { device?: string }): LoadedCheckpoint | undefined {
  const entries = newestFirst(listCheckpoints(folder));
  const skipped: { name: string; reason: string }[] = [];
  const last = readPointer(folder, "last");
  if (last !== undefined && !entries.some(({ name }) => name === last))
    skipped.push({ name: last, reason: `${join(folder, last)} is missing` });
  for (const { name } of entries) {
    try {
      return { ...read(pathOf(folder, name), name, options), skipped };
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      skipped.push({ name, reason: error.message });
    }
  }
  if (skipped.length === 0) return undefined;
  const reasons = skipped.map(({ reason }) => reason).join("; ");
  throw new CheckpointError(`no good checkpoint in ${folder}: ${reasons}; remove them to start afresh`, {
    path: folder,
  });
}

function loadPointer(folder: string, pointer: Pointer, options: { device?: string }): LoadedCheckpoint {
  const name = readPointer(folder, pointer);
  if (name === undefined) {
    const what = existsSync(join(folder, pointer)) ? "the pointer is damaged" : "there is no such pointer";
    throw new CheckpointError(`no ${pointer} checkpoint in ${folder}: ${what}`, { path: folder });
  }
  try {
    return read(pathOf(folder, name), name, options);
  } catch (error) {
    // a run that goes on meanwhile may have removed it for a newer one
    if (readPointer(folder, pointer) === name) throw error;
    return loadPointer(folder, pointer, options);
  }
}

function read(path: string, name: string, options: { device?: string }): LoadedCheckpoint {
  const files = readVerified(path);
  const { format, state } = parseJson(files, path, "trainer_state.json");
  if (format !== FORMAT)
    throw new CheckpointError(
      `${path} has format ${format}, this version of vitrine reads ${FORMAT}; update it`,
    );
  const config = parseJson(files, path, "config.json");
  if (typeof state !== "object" || state === null || Array.isArray(state))
    throw new CheckpointError(`${join(path, "trainer_state.json")} has no state as a run writes it`, {
      path,
    });
  const tensors = (file: string): Map<string, Tensor> =>
    tensorsIn(files.get(file)!, join(path, file), options).tensors;
  const parts = scope(() => ({
    model: tensors("model.safetensors"),
    optimizer: new Map(optimizersOf(files.keys()).flatMap((file) => [...tensors(file)])),
    ...(files.has("ema.safetensors") && { ema: tensors("ema.safetensors") }),
  }));
  return {
    name,
    config,
    ...parts,
    state,
    skipped: [],
  };
}

const REQUIRED = ["config.json", "model.safetensors", "trainer_state.json"];

/** The files of the moments that there are to be, of which one at least is there. */
function optimizersOf(names: Iterable<string>): string[] {
  const found = [...names].map((name) => /^optimizer-\d{5}-of-(\d{1,5})\.safetensors$/.exec(name)?.[1]);
  return optimizerFiles(Number(found.find((P) => P !== undefined) ?? 1));
}

/** The bytes of all files of a checkpoint. @throws {CheckpointError} one is missing or not what it was */
function readVerified(path: string): Map<string, Uint8Array> {
  const listing = join(path, "SHA256SUMS");
  const sums = parseSums(new TextDecoder().decode(readWhole(listing)), listing);
  const needed = [...REQUIRED, ...optimizersOf(sums.keys())];
  if (existsSync(join(path, "ema.safetensors"))) needed.push("ema.safetensors");
  const unlisted = needed.find((file) => !sums.has(file));
  if (unlisted !== undefined)
    throw new CheckpointError(`${listing} is damaged: it has no line for ${unlisted}`, { path: listing });
  const files = new Map([...sums.keys()].map((file) => [file, readWhole(join(path, file))]));
  const damaged = [...sums].filter(([file, sum]) => sha256(files.get(file)!) !== sum).map(([file]) => file);
  const [first] = damaged;
  if (first === undefined) return files;
  const where = join(path, first);
  let what = `${where} is damaged`;
  if (first.endsWith(".safetensors")) {
    const known = damaged.includes("trainer_state.json") ? undefined : tensorSums(files, path, first);
    what = findDamage(files.get(first)!, where, known);
  }
  throw new CheckpointError(`${what}: it does not match SHA256SUMS`, { path: where });
}

function tensorSums(files: ReadonlyMap<string, Uint8Array>, path: string, file: string): TensorSums {
  const { crc32 } = parseJson(files, path, "trainer_state.json");
  const sums = (crc32 as Record<string, Record<string, number>> | undefined)?.[file];
  return new Map(Object.entries(sums ?? {}));
}

function parseJson(files: ReadonlyMap<string, Uint8Array>, path: string, file: string): JsonRecord {
  try {
    return fromJsonLine(new TextDecoder().decode(files.get(file)));
  } catch (cause) {
    throw new CheckpointError(`${join(path, file)} is not a JSON object`, { path: join(path, file), cause });
  }
}
