/** @file One file over HTTP: resumed where it stopped, checked, and in place only when it is whole and right. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { dirname } from "node:path";
import { DataError, DiskError } from "../../base/errors.ts";
import { FinalError, request, requireStatus, type Tries, trying } from "./request.ts";

/** A published checksum, in hexadecimal; `git` is SHA-1 of "blob LENGTH\0" and the content, as git names its blobs. */
export interface Checksum {
  readonly algorithm: "md5" | "sha256" | "git";
  readonly hex: string;
}

export interface DownloadOptions extends Tries {
  checksum: Checksum;
  /** Bytes of the file as published: a server that sends more is left at once. */
  size?: number;
  /** Called as bytes arrive; `total` is undefined when the server does not say. */
  progress?: (received: number, total: number | undefined) => void;
  /** Milliseconds without a byte after which a connection is given up. */
  idle?: number;
  /** Headers for the address's own host alone. */
  own?: Readonly<Record<string, string>>;
  /** What to do when it fails; "try again, or name a mirror with --base-url". */
  remedy?: string;
}

/**
 * Brings `url` to `path`, through `path`.part, which a later call continues if the server's file is still the same.
 * Does nothing when the file is there and right. Resolves to whether it downloaded.
 * @throws DataError when the server refuses, stays away, or sends something else; DiskError when it cannot be written
 */
export async function download(url: string, path: string, options: DownloadOptions): Promise<boolean> {
  const { checksum, size, remedy = "try again, or name a mirror with --base-url" } = options;
  if (await matches(path, checksum)) return false;
  const part = `${path}.part`;
  await mkdir(dirname(path), { recursive: true }).catch(diskError(path));
  const whole = async (): Promise<void> => {
    // what was there before may have been the damaged half: then once more from the start
    for (let resumed = true; resumed; ) {
      resumed = await transfer(url, part, options);
      if (await matches(part, checksum)) return;
      const got = (await stat(part)).size;
      await discard(part);
      if (!resumed)
        throw new FinalError(
          got === (size ?? got)
            ? `${checksum.algorithm} is not ${checksum.hex}; the file was deleted`
            : `the server sent ${got} bytes, expected ${size}; they were deleted`,
        );
    }
  };
  await trying(options, whole).catch((cause: Error) => {
    if (cause instanceof DiskError) throw cause;
    throw new DataError(`cannot download ${url}: ${cause.message}; ${remedy}`, { path: url, cause });
  });
  await rename(part, path).catch(diskError(path));
  await discard(part);
  return true;
}

/** Whether the file exists and has the checksum. */
export async function matches(path: string, { algorithm, hex }: Checksum): Promise<boolean> {
  const hash = createHash(algorithm === "git" ? "sha1" : algorithm);
  try {
    if (algorithm === "git") hash.update(`blob ${(await stat(path)).size}\0`);
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw new DataError(`${path}: cannot be read: ${(error as Error).message}`, { path, cause: error });
  }
  return hash.digest("hex") === hex;
}

/** Fetches what is missing of `part`. Resolves to whether anything had been there before. */
async function transfer(url: string, part: string, options: DownloadOptions): Promise<boolean> {
  const validator = await readValidator(part, url);
  let start = validator === undefined ? 0 : ((await stat(part).catch(() => undefined))?.size ?? 0);
  const headers = start > 0 && validator ? { range: `bytes=${start}-`, "if-range": validator } : {};
  const response = await request(url, { headers, own: options.own, idle: options.idle });
  try {
    const status = response.statusCode ?? 0;
    if (status === 416) {
      await discard(part);
      throw new Error("the server refuses to continue; starting again");
    }
    requireStatus(response, 200, 206);
    if (status === 200)
      start = 0; // no ranges here, or another file by now
    else if (!response.headers["content-range"]?.startsWith(`bytes ${start}-`)) {
      await discard(part);
      throw new Error("the server sent another range than asked for");
    }
    await writeValidator(part, url, response);
    await append(part, start, response, options);
    return start > 0;
  } finally {
    response.destroy();
  }
}

async function append(
  part: string,
  start: number,
  response: IncomingMessage,
  { size = Number.POSITIVE_INFINITY, progress }: DownloadOptions,
): Promise<void> {
  const length = response.headers["content-length"];
  const total = length === undefined ? undefined : start + Number(length);
  const tooLong = async (): Promise<never> => {
    await discard(part);
    throw new FinalError(`the server sends more than ${size} bytes, which the file has`);
  };
  if ((total ?? 0) > size) await tooLong();
  const file = await open(part, start === 0 ? "w" : "r+").catch(diskError(part));
  try {
    let received = start;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      if (received + chunk.length > size) await tooLong();
      let offset = 0;
      while (offset < chunk.length) {
        const { bytesWritten } = await file
          .write(chunk, offset, chunk.length - offset, received)
          .catch(diskError(part));
        offset += bytesWritten;
        received += bytesWritten;
      }
      progress?.(received, total);
    }
    if (total !== undefined && received !== total)
      throw new Error(`the connection ended after ${received} of ${total} bytes`);
    await file.sync().catch(diskError(part));
  } finally {
    await file.close();
  }
}

/** What identifies the server's file: a strong ETag, else its date. Kept beside the part, with the address. */
async function writeValidator(part: string, url: string, response: IncomingMessage): Promise<void> {
  const { etag, "last-modified": date } = response.headers;
  const validator = etag !== undefined && !etag.startsWith("W/") ? etag : date;
  const text = JSON.stringify({ url, validator });
  await writeFile(`${part}.json`, text).catch(diskError(part));
}

async function readValidator(part: string, url: string): Promise<string | undefined> {
  try {
    const known = JSON.parse(await readFile(`${part}.json`, "utf8")) as {
      url?: unknown;
      validator?: unknown;
    };
    return known.url === url && typeof known.validator === "string" ? known.validator : undefined;
  } catch {
    return undefined; // none, or cut short: start again
  }
}

async function discard(part: string): Promise<void> {
  await rm(part, { force: true }).catch(diskError(part));
  await rm(`${part}.json`, { force: true }).catch(diskError(part));
}

function diskError(path: string): (cause: Error) => never {
  return (cause) => {
    throw new DiskError(`cannot write ${path}: ${cause.message}`, { path, cause });
  };
}
