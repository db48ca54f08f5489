/** @file Weights from the Hugging Face hub, by way of the cache that its own library uses too. */

import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { DataError, UsageError } from "../../base/errors.ts";
import { talk } from "../../base/plain-text.ts";
import { type DownloadOptions, download } from "../fetch/download.ts";
import { whileAlone } from "../fetch/fetch-lock.ts";
import { downloadProgress, megabytes } from "../fetch/progress.ts";
import type { Tries } from "../fetch/request.ts";
import { type HubAddress, isHubAddress, isPlainPath, parseHubAddress } from "./address.ts";
import { askHub, type HubFile, resolveUrl, tokenOf, UnreachableError } from "./ask.ts";
import { HubCache } from "./cache.ts";
import { BESIDE, noneUsual, PICKLES, requireTaken, USUAL, type Wanted } from "./choose.ts";
import { type Environment, hubPlaces } from "./environment.ts";

export interface HubOptions extends Tries {
  /** A model's weights unless given. */
  wanted?: Wanted;
  /** Variables that say where the hub and its cache are; those of the process. */
  env?: Environment;
  /** Told what was fetched, from which commit, to where; on stderr unless given. */
  say?: (line: string) => void;
}

/** What was brought for one address. */
interface Brought {
  commit: string;
  /** Names and bytes of what was not in the cache. */
  fetched: Map<string, number>;
  /** Why the hub was not asked. */
  unasked?: string;
}

/** A file smaller than this is fetched without a word before it is there. */
const SMALL = 2 ** 24;

/**
 * A path for what people give as a file: itself, or of `hf:OWNER/NAME[@REVISION][/FILE]` the file in the cache, which is
 * fetched where it is not there or has changed. With it come the shards that an index names and, from the same folder,
 * config.json, preprocessor_config.json and tokenizer.json.
 *
 * @throws {UsageError} no such repository, revision or file; one that needs a token; a pickle; not in the cache while
 *   HF_HUB_OFFLINE is set; {DataError} cut off, or not what its checksum says; {DiskError} the cache cannot be written
 */
export async function localFile(given: string, options: HubOptions = {}): Promise<string> {
  if (!isHubAddress(given)) return given;
  const { wanted = "weights", say = talk } = options;
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

/** One address: all its files are of one commit. */
class Hub {
  readonly brought: Brought = { commit: "", fetched: new Map() };
  private readonly places: ReturnType<typeof hubPlaces>;
  private readonly cache: HubCache;
  /** The address at the commit that its revision is. */
  private pinned: HubAddress;
  private unreachable: UnreachableError | undefined;

  constructor(
    private readonly address: HubAddress,
    private readonly options: HubOptions,
  ) {
    this.places = hubPlaces(options.env);
    this.cache = new HubCache(this.places.cache, address.repository);
    this.pinned = address;
    if (this.places.offline) this.brought.unasked = "HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set";
  }

  path = (file: string): string => this.cache.at(this.brought.commit, file);

  absent(file: string): UsageError | DataError {
    const { text, revision } = this.address;
    const { unasked } = this.brought;
    if (this.unreachable !== undefined) return this.unreachable;
    return new UsageError(
      unasked === undefined
        ? `${text}: the repository has no ${file} at ${revision}; check the name`
        : `${text}: ${file} of ${revision} is not in the cache ${this.places.cache}, and ${unasked}`,
      { path: text },
    );
  }

  has = async (file: string): Promise<boolean> =>
    (await askHub(this.pinned, file, this.places, this.options)) !== undefined;

  /** Whether the file is in the cache then. @throws {UsageError} it is not, and was not optional */
  async bring(file: string, optional?: "if there"): Promise<boolean> {
    const there = await this.tryBring(file);
    if (!there && optional === undefined) throw this.absent(file);
    return there;
  }

  private async tryBring(file: string): Promise<boolean> {
    const { brought, cache, pinned } = this;
    const known = cache.commitOf(pinned.revision);
    const here = cache.find(known, file) !== undefined;
    const found = known === pinned.revision && here ? undefined : await this.ask(file);
    if (found !== undefined) {
      brought.commit = found.commit;
      this.pinned = { ...pinned, revision: found.commit };
      if (cache.find(found.commit, file) === undefined) await this.fetch(file, found);
      cache.note(this.address.revision, found.commit);
      return true;
    }
    if (!here || (known !== pinned.revision && brought.unasked === undefined)) return false;
    brought.commit = known!; // a commit never changes; of a branch it is the last one that was seen
    return true;
  }

  /** What the hub says; nothing where it has no such file, or is not to be asked. */
  private async ask(file: string): Promise<HubFile | undefined> {
    if (this.brought.unasked !== undefined) return undefined;
    try {
      return await askHub(this.pinned, file, this.places, this.options);
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      this.unreachable = error;
      this.brought.unasked = error.reason;
      return undefined;
    }
  }

  /** Into the cache, by one process at a time. */
  private async fetch(file: string, { commit, checksum, size }: HubFile): Promise<void> {
    const { options, places, cache } = this;
    const { repository } = this.address;
    const say = options.say ?? talk;
    const large = size === undefined || size > SMALL;
    const how: DownloadOptions = {
      ...{ checksum, own: tokenOf(places), remedy: "try again, which goes on where it stopped" },
      ...(size !== undefined && { size }),
      ...(large && { progress: downloadProgress(say).bind(undefined, file) }),
      ...triesOf(options),
    };
    const waiting = (holder: string) => say(`${holder} is fetching from ${repository}; waiting for it`);
    const url = resolveUrl(places.endpoint, repository, commit, file);
    await whileAlone(cache.locks, { waiting }, async () => {
      if (await download(url, cache.blob(checksum.hex), how)) this.brought.fetched.set(file, size ?? 0);
      cache.link(checksum.hex, commit, file);
    });
  }
}

const triesOf = ({ retries, pause }: Tries): Tries => ({
  ...(retries !== undefined && { retries }),
  ...(pause !== undefined && { pause }),
});

/** Names of the files that an index spreads the tensors over. @throws {DataError} it is none */
function shardsOf(path: string, given: string): string[] {
  let map: unknown;
  try {
    map = (JSON.parse(readFileSync(path, "utf8")) as { weight_map?: unknown }).weight_map;
  } catch {
    // said below
  }
  const names = typeof map === "object" && map !== null ? [...new Set(Object.values(map))] : [];
  const isShard = (name: unknown): name is string =>
    typeof name === "string" && name.endsWith(".safetensors") && isPlainPath(name) && !name.includes("/");
  if (names.length === 0 || !names.every(isShard))
    throw new DataError(`${given}: its index names no files of safetensors beside it`, { path: given });
  return names as string[];
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
