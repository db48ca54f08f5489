/** @file `data get`: brings an official data set into its folder, from its address or a mirror. */
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { createGunzip } from "node:zlib";
import { DataError, DiskError, UsageError } from "../../base/errors.ts";
import { hint } from "../../base/nearest.ts";
import { CIFAR, cifarFileBytes } from "../formats/cifar.ts";
import { type TarMember, tarMembers } from "../formats/tar.ts";
import { dataRoot } from "../sets/find.ts";
import { type Checksum, type DownloadOptions, download } from "./download.ts";
import { whileAlone } from "./fetch-lock.ts";

/** A file on a server, and for a .tar.gz the members that are wanted of it with their sizes in bytes. */
export interface RemoteFile {
  readonly name: string;
  readonly checksum: Checksum;
  /** Bytes. */
  readonly size?: number;
  readonly members?: Readonly<Record<string, number>>;
}

/** Where a data set is published. */
export interface RemoteSet {
  readonly baseUrl: string;
  readonly files: readonly RemoteFile[];
}

const md5 = (name: string, size: number, hex: string): RemoteFile => ({
  name,
  size,
  checksum: { algorithm: "md5", hex },
});

function cifarArchive(name: "cifar10" | "cifar100", archive: string, size: number, hex: string): RemoteFile {
  const { folder, files, names } = CIFAR[name];
  const members: Record<string, number> = {};
  for (const split of ["train", "test"] as const) {
    for (const file of files[split]) members[`${folder}/${file}`] = cifarFileBytes(name, split);
  }
  return { ...md5(archive, size, hex), members: { ...members, [`${folder}/${names}`]: Number.NaN } };
}

/** The publishers' addresses and their MD5 sums. MNIST's own page refuses programs; this is PyTorch's copy. */
export const REMOTE: Readonly<Record<string, RemoteSet>> = {
  mnist: {
    baseUrl: "https://ossci-datasets.s3.amazonaws.com/mnist/",
    files: [
      md5("train-images-idx3-ubyte.gz", 9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
      md5("train-labels-idx1-ubyte.gz", 28_881, "d53e105ee54ea40749a09fcbcd1e9432"),
      md5("t10k-images-idx3-ubyte.gz", 1_648_877, "9fb629c4189551a2d022fa330f9573f3"),
      md5("t10k-labels-idx1-ubyte.gz", 4_542, "ec29112dd5afa0611ce80d1b7f02629c"),
    ],
  },
  "fashion-mnist": {
    baseUrl: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    files: [
      md5("train-images-idx3-ubyte.gz", 26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
      md5("train-labels-idx1-ubyte.gz", 29_515, "25c81989df183df01b3e8a0aad5dffbe"),
      md5("t10k-images-idx3-ubyte.gz", 4_422_102, "bef4ecab320f06d8554ea6380940ec79"),
      md5("t10k-labels-idx1-ubyte.gz", 5_148, "bb300cfdad3c16e7a12a480ee83cd310"),
    ],
  },
  cifar10: {
    baseUrl: "https://www.cs.toronto.edu/~kriz/",
    files: [
      cifarArchive("cifar10", "cifar-10-binary.tar.gz", 170_052_171, "c32a1d4ab5d03f1284b67883e8d87530"),
    ],
  },
  cifar100: {
    baseUrl: "https://www.cs.toronto.edu/~kriz/",
    files: [
      cifarArchive("cifar100", "cifar-100-binary.tar.gz", 168_513_733, "03b5dce01913d631647c71ecec9e9cb8"),
    ],
  },
};

export interface GetOptions {
  /** Folder of data sets; the set goes into its sub-folder of the set's name. VITRINE_DATA, else `data`. */
  dir?: string;
  /** A mirror with files of the same names, instead of the publisher. */
  baseUrl?: string;
  /** The table of addresses. */
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
  const table = options.remote ?? REMOTE;
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
