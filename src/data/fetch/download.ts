/** @file One file over HTTP: resumed where it stopped, checked, and in place only when it is whole and right. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { get as httpGet, type IncomingMessage } from "node:http";
import { get as httpsGet } from "node:https";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DataError, DiskError } from "../../base/errors.ts";

/** A published checksum, in hexadecimal. */
export interface Checksum {
  readonly algorithm: "md5" | "sha256";
  readonly hex: string;
}

export interface DownloadOptions {
  checksum: Checksum;
  /** Bytes of the file as published: a server that sends more is left at once. */
  size?: number;
  /** Called as bytes arrive; `total` is undefined when the server does not say. */
  progress?: (received: number, total: number | undefined) => void;
  /** Tries after the first one, for errors that may pass. */
  retries?: number;
  /** Milliseconds before the first retry; doubles each time. */
  pause?: number;
  /** Milliseconds without a byte after which a connection is given up. */
  idle?: number;
}

/** An answer that no retry changes. */
class FinalError extends Error {}

/**
 * Brings `url` to `path`, through `path`.part, which a later call continues if the server's file is still the same.
 * Does nothing when the file is there and right. Resolves to whether it downloaded.
 * @throws DataError when the server refuses, stays away, or sends something else; DiskError when it cannot be written
 */
export async function download(url: string, path: string, options: DownloadOptions): Promise<boolean> {
  const { checksum, size, retries = 4, pause = 500 } = options;
  if (await matches(path, checksum)) return false;
  const part = `${path}.part`;
  await mkdir(dirname(path), { recursive: true }).catch(diskError(path));
  for (let attempt = 0; ; attempt++) {
    try {
      const resumed = await transfer(url, part, options);
      if (await matches(part, checksum)) break;
      const got = (await stat(part)).size;
      await discard(part);
      // what was there before may have been the damaged half: once more from the start
      if (!resumed)
        throw new FinalError(
          got === (size ?? got)
            ? `${checksum.algorithm} is not ${checksum.hex}; the file was deleted`
            : `the server sent ${got} bytes, expected ${size}; they were deleted`,
        );
    } catch (cause) {
      if (cause instanceof DiskError) throw cause;
      const reason = (cause as Error).message;
      if (cause instanceof FinalError || attempt >= retries)
        throw new DataError(
          `cannot download ${url}: ${reason}; try again, or name a mirror with --base-url`,
          {
            path: url,
            cause,
          },
        );
      await sleep(pause * 2 ** attempt);
    }
  }
  await rename(part, path).catch(diskError(path));
  await discard(part);
  return true;
}

/** Whether the file exists and has the checksum. */
export async function matches(path: string, { algorithm, hex }: Checksum): Promise<boolean> {
  const hash = createHash(algorithm);
  try {
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
  const headers: Record<string, string> = { "accept-encoding": "identity", "user-agent": "vitrine" };
  if (start > 0) Object.assign(headers, { range: `bytes=${start}-`, "if-range": validator });
  const response = await request(url, headers, options.idle ?? 30_000);
  try {
    const status = response.statusCode ?? 0;
    if (status === 416) {
      await discard(part);
      throw new Error("the server refuses to continue; starting again");
    }
    if (status !== 200 && status !== 206) {
      const passing = status >= 500 || status === 408 || status === 429;
      throw new (passing ? Error : FinalError)(`the server answers ${status}`);
    }
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

/** Follows redirects, within http and https. */
async function request(
  url: string,
  headers: Record<string, string>,
  idle: number,
  hops = 5,
): Promise<IncomingMessage> {
  const get = /^https:/i.test(url) ? httpsGet : /^http:/i.test(url) ? httpGet : undefined;
  if (get === undefined) throw new FinalError(`${url} is not an http address`);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = get(url, { headers, timeout: idle }, resolve);
    sent.on("timeout", () => sent.destroy(new Error(`no byte for ${idle / 1000} s`)));
    sent.on("error", reject);
  });
  const { location } = response.headers;
  if (location === undefined || ![301, 302, 303, 307, 308].includes(response.statusCode ?? 0))
    return response;
  response.destroy();
  if (hops === 0) throw new FinalError("too many redirects");
  return request(new URL(location, url).href, headers, idle, hops - 1);
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
