/** @file Weights from the Hugging Face hub, by way of the cache that its own library uses too. */

import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { DataError } from "../../base/errors.ts";
import { talk } from "../../base/talk.ts";
import { weightMap } from "../../tensor/sharded.ts";
import { megabytes } from "../fetch/progress.ts";
import { type HubAddress, isHubAddress, isPlainPath, parseHubAddress } from "./address.ts";
import { BESIDE, noneUsual, PICKLES, requireTaken, USUAL, type Wanted } from "./choose.ts";
import { type Brought, Hub, type HubOptions } from "./repository.ts";
import { shippedModel } from "./shipped.ts";

export type { HubOptions } from "./repository.ts";

/**
 * A path for what people give as a file: itself; of a name that nothing here has, the model in `models/`; or of
 * `hf:OWNER/NAME[@REVISION][/FILE]` the file in the cache, which is fetched where it is not there or has changed. With it
 * come the shards that an index names and, from the same folder, config.json, preprocessor_config.json and tokenizer.json.
 *
 * @throws {UsageError} no such repository, revision or file; one that needs a token; a pickle; not in the cache while
 *   HF_HUB_OFFLINE is set; {DataError} cut off, or not what its checksum says; {DiskError} the cache cannot be written
 */
export async function localFile(given: string, options: HubOptions = {}): Promise<string> {
  const { wanted = "weights", say = talk } = options;
  if (!isHubAddress(given))
    return existsSync(given) || wanted !== "weights" ? given : (shippedModel(given) ?? given);
  const address = parseHubAddress(given);
  if (address.file !== undefined) requireTaken(address, address.file, wanted);
  const hub = new Hub(address, options);
  const file = await firstOf(hub, address, wanted);
  const path = hub.path(file);
  const folder = file.slice(0, file.lastIndexOf("/") + 1);
  for (const shard of file.endsWith(".index.json") ? shardsOf(path, given) : [])
    await hub.bring(folder + shard);
  const beside = wanted === "weights" ? BESIDE : [];
  for (const name of beside) await hub.bring(folder + name, "if there");
  say(inWords(address, file, path, hub.brought));
  return path;
}

/** The file that is named, else the first of the usual ones. */
async function firstOf(hub: Hub, address: HubAddress, wanted: Wanted): Promise<string> {
  if (address.file !== undefined) {
    await hub.bring(address.file);
    return address.file;
  }
  for (const name of USUAL[wanted]) if (await hub.bring(name, "if there")) return name;
  if (hub.brought.unasked !== undefined) throw hub.absent(USUAL[wanted][0]!);
  if (wanted === "weights")
    for (const name of PICKLES) if (await hub.has(name)) throw noneUsual(address, wanted, name);
  throw noneUsual(address, wanted, undefined);
}

/** Names of the files that an index spreads the tensors over. @throws {DataError} it is none */
function shardsOf(path: string, given: string): string[] {
  const names = [...new Set(weightMap(readFileSync(path))?.values())];
  const isShard = (name: string): boolean =>
    name.endsWith(".safetensors") && isPlainPath(name) && !name.includes("/");
  if (names.length === 0 || !names.every(isShard))
    throw new DataError(`${given}: its index names no files of safetensors beside it`, { path: given });
  return names;
}

function inWords(
  { text }: HubAddress,
  file: string,
  path: string,
  { commit, fetched, unasked }: Brought,
): string {
  const short = commit.slice(0, 12);
  const bytes = [...fetched.values()].reduce((sum, size) => sum + size, 0);
  const names = [...fetched.keys()].join(", ");
  const folder = dirname(path);
  if (fetched.size > 0)
    return `${text}: fetched ${names} (${megabytes(bytes)}) of commit ${short} to ${folder}`;
  const why = unasked === undefined ? "" : `; the hub was not asked: ${unasked}`;
  return `${text}: ${file} of commit ${short} is in ${folder}${why}`;
}
