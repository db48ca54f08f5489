/** @file Weights that are spread over several safetensors files, which an index beside them names. */

import { dirname, join } from "node:path";
import { CheckpointError } from "../base/errors.ts";
import { parseSafetensors } from "./safetensors.ts";
import { quote, type StoredTensor, type StoredTensors } from "./stored.ts";

export const isIndex = (path: string): boolean => path.endsWith(".safetensors.index.json");

/**
 * The tensors of all files that an index names: {"weight_map": {tensor: file}}, as Hugging Face's library writes it.
 *
 * @param read a file's bytes
 * @throws {CheckpointError} no such index; a file with tensors that the index has not, or without one that it has; a file
 *   elsewhere
 */
export function parseSharded(
  bytes: Uint8Array,
  path: string,
  read: (path: string) => Uint8Array,
): StoredTensors {
  const wrong = (what: string): never => {
    throw new CheckpointError(`${path}: ${what}`, { path });
  };
  const map = weightMap(bytes) ?? wrong(`expected {"weight_map": {tensor: file of safetensors}}`);
  const entries = new Map<string, StoredTensor>();
  const files = [...new Set(map.values())];
  for (const name of files) {
    if (/[/\\]/.test(name) || !name.endsWith(".safetensors"))
      wrong(`expected files of safetensors beside it, got ${quote(name)}`);
    const file = join(dirname(path), name);
    for (const [tensor, stored] of parseSafetensors(read(file), file).entries) {
      if (map.get(tensor) !== name)
        wrong(`${quote(name)} holds ${quote(tensor)}, which the index has elsewhere or not`);
      entries.set(tensor, stored);
    }
  }
  const lost = [...map].find(([tensor]) => !entries.has(tensor));
  if (lost !== undefined) wrong(`${quote(lost[1])} has no tensor ${quote(lost[0])}, as the index says`);
  return {
    entries,
    metadata: new Map(),
    note: `${path}: read ${entries.size} tensors of ${files.length} files`,
  };
}

/** Which file of an index each tensor is in; nothing where it is no index. */
export function weightMap(bytes: Uint8Array): ReadonlyMap<string, string> | undefined {
  try {
    const { weight_map: map } = JSON.parse(new TextDecoder().decode(bytes)) as { weight_map?: unknown };
    const entries = Object.entries(map as Record<string, unknown>);
    const whole = entries.length > 0 && entries.every(([, file]) => typeof file === "string");
    return whole ? new Map(entries as [string, string][]) : undefined;
  } catch {
    return undefined;
  }
}
