/** @file `data get`: brings an official data set into its folder, from its address or a mirror. */
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { createGunzip } from "node:zlib";
import { DataError, DiskError, UsageError } from "../../base/errors.ts";
import { hint } from "../../base/nearest.ts";
import { type TarMember, tarMembers } from "../formats/tar.ts";
import { dataRoot } from "../sets/find.ts";
import { remotes } from "../sets/registry.ts";
import { type DownloadOptions, download } from "./download.ts";
import { whileAlone } from "./fetch-lock.ts";
import type { RemoteSet } from "./remote.ts";

export interface GetOptions {
  /** Folder of data sets; the set goes into its sub-folder of the set's name. VITRINE_DATA, else `data`. */
  dir?: string;
  /** A mirror with files of the same names, instead of the publisher. */
  baseUrl?: string;
  /** The table of addresses; those of the data sets unless given. */
  remote?: Readonly<Record<string, RemoteSet>>;
  progress?: (file: string, received: number, total: number | undefined) => void;
  /** Called once where another process is fetching the same set, which is waited for. */
  waiting?: (holder: string) => void;
  retries?: number;
  pause?: number;
}

/**
 * Downloads what is not there yet, checks it, unpacks archives, and resolves to the set's folder and the names of
 * the files that were downloaded. Of two processes, the second waits and finds the first one's files.
 * @throws UsageError for a set that cannot be downloaded; DataError, DiskError as `download`
 */
export async function getDataset(
  name: string,
  options: GetOptions = {},
): Promise<{ folder: string; downloaded: string[] }> {
  const table = options.remote ?? remotes();
  const set = Object.hasOwn(table, name) ? table[name] : undefined;
  if (set === undefined) {
    const names = Object.keys(table);
    throw new UsageError(`no download for "${name}"${hint(name, names)}; there is ${names.join(", ")}`);
  }
  const folder = join(dataRoot(options.dir), name);
  const { waiting } = options;
  const downloaded = await whileAlone(folder, waiting === undefined ? {} : { waiting }, () =>
    fetchSet(set, folder, options),
  );
  return { folder, downloaded };
}

async function fetchSet(set: RemoteSet, folder: string, options: GetOptions): Promise<string[]> {
  const base = options.baseUrl ?? set.baseUrl;
  const downloaded: string[] = [];
  for (const file of set.files) {
    if (file.members !== undefined && (await hasMembers(folder, file.members))) continue;
    const path = join(folder, file.name);
    const url = new URL(file.name, base.endsWith("/") ? base : `${base}/`).href;
    const transfer: DownloadOptions = { checksum: file.checksum };
    if (file.size !== undefined) transfer.size = file.size;
    if (options.retries !== undefined) transfer.retries = options.retries;
    if (options.pause !== undefined) transfer.pause = options.pause;
    if (options.progress !== undefined) transfer.progress = options.progress.bind(undefined, file.name);
    if (await download(url, path, transfer)) downloaded.push(file.name);
    if (file.members === undefined) continue;
    await unpack(path, folder, file.members);
    await rm(path, { force: true });
  }
  return downloaded;
}

/** Whether all members are there in their sizes. Names of members are ours, so they may be joined to a path. */
async function hasMembers(folder: string, members: Readonly<Record<string, number>>): Promise<boolean> {
  for (const [name, size] of Object.entries(members)) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found === undefined || (!Number.isNaN(size) && found.size !== size)) return false;
  }
  return true;
}

/** Writes the wanted members of a .tar.gz below `folder`; all others are passed over. */
async function unpack(
  archive: string,
  folder: string,
  members: Readonly<Record<string, number>>,
): Promise<void> {
  const missing = new Set(Object.keys(members));
  const file = createReadStream(archive);
  const bytes = file.pipe(createGunzip());
  file.on("error", (error) => bytes.destroy(error));
  try {
    for await (const member of tarMembers(bytes, archive)) {
      const wanted = [...missing].find((name) => name === member.name.replace(/^\.\//, ""));
      if (wanted === undefined) continue;
      const size = members[wanted]!;
      // a list of names has no fixed size, but is short
      if (Number.isNaN(size) ? member.size > 65_536 : member.size !== size)
        throw new DataError(`${archive}: ${wanted} has ${member.size} bytes, expected ${size}`);
      await writeMember(join(folder, wanted), member);
      missing.delete(wanted);
    }
  } catch (cause) {
    if (cause instanceof DataError || cause instanceof DiskError) throw cause;
    throw new DataError(`${archive}: cannot be unpacked: ${(cause as Error).message}`, {
      path: archive,
      cause,
    });
  } finally {
    file.destroy();
  }
  if (missing.size > 0)
    throw new DataError(`${archive}: has no ${[...missing].join(", ")}`, { path: archive });
}

async function writeMember(path: string, member: TarMember): Promise<void> {
  const failed = (cause: Error): never => {
    throw new DiskError(`cannot write ${path}: ${cause.message}`, { path, cause });
  };
  await mkdir(join(path, ".."), { recursive: true }).catch(failed);
  const file = await open(`${path}.part`, "w").catch(failed);
  try {
    for await (const chunk of member.data) await file.writeFile(chunk).catch(failed);
    await file.sync().catch(failed);
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path).catch(failed);
}
