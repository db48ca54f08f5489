/** @file One repository of the hub, at one commit: what of it is in the cache, what is fetched, and why nothing is. */

import { type DataError, UsageError } from "../../base/errors.ts";
import { talk } from "../../base/talk.ts";
import { type DownloadOptions, download } from "../fetch/download.ts";
import { whileAlone } from "../fetch/fetch-lock.ts";
import { fileProgress } from "../fetch/progress.ts";
import type { Tries } from "../fetch/request.ts";
import type { HubAddress } from "./address.ts";
import { askHub, type HubFile, resolveUrl, tokenOf, UnreachableError } from "./ask.ts";
import { HubCache } from "./cache.ts";
import type { Wanted } from "./choose.ts";
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
export interface Brought {
  commit: string;
  /** Names and bytes of what was not in the cache. */
  fetched: Map<string, number>;
  /** Why the hub was not asked. */
  unasked?: string;
}

/** A file smaller than this is fetched without a word before it is there. */
const SMALL = 2 ** 24;

/** One address: all its files are of one commit. */
export class Hub {
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
      ...(large && { progress: fileProgress("fetching", say).bind(undefined, file) }),
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
