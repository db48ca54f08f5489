/** @file One request over HTTP: redirects within http and https, what is sent to whom, what a later try may change. */
import { get as httpGet, type IncomingMessage } from "node:http";
import { get as httpsGet } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { DiskError } from "../../base/errors.ts";

/** An answer that no retry changes. */
export class FinalError extends Error {}

export interface RequestOptions {
  method?: "GET" | "HEAD";
  headers: Readonly<Record<string, string>>;
  /** Headers for the address's own host alone, such as a token: no redirect takes them elsewhere. */
  own?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds without a byte after which a connection is given up. */
  idle?: number | undefined;
  /** A redirect that is the answer itself is not followed. */
  stopAt?: (response: IncomingMessage) => boolean;
}

/** Follows redirects, at most five. @throws {FinalError} no http address, too many; Error when the connection fails */
export async function request(url: string, options: RequestOptions, hops = 5): Promise<IncomingMessage> {
  const { method = "GET", own, idle = 30_000, stopAt } = options;
  const get = /^https:/i.test(url) ? httpsGet : /^http:/i.test(url) ? httpGet : undefined;
  if (get === undefined || !URL.canParse(url)) throw new FinalError(`${url} is not an http address`);
  const headers = { "accept-encoding": "identity", "user-agent": "vitrine", ...options.headers, ...own };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = get(url, { method, headers, timeout: idle }, resolve);
    sent.on("timeout", () => sent.destroy(new Error(`no byte for ${idle / 1000} s`)));
    sent.on("error", reject);
  });
  const { location } = response.headers;
  if (location === undefined || ![301, 302, 303, 307, 308].includes(response.statusCode ?? 0))
    return response;
  if (stopAt?.(response)) return response;
  response.destroy();
  if (hops === 0) throw new FinalError("too many redirects");
  if (!URL.canParse(location, url)) throw new FinalError("a redirect to no address");
  const next = new URL(location, url);
  const same = next.origin === new URL(url).origin;
  return request(next.href, { ...options, own: same ? own : undefined }, hops - 1);
}

export interface Tries {
  /** Tries after the first one, for errors that may pass. */
  retries?: number | undefined;
  /** Milliseconds before the first retry; doubles each time. */
  pause?: number | undefined;
}

/** Runs the body again while it fails by an error that may pass. @throws the last one, a `FinalError` or `DiskError` at once */
export async function trying<T>({ retries = 4, pause = 500 }: Tries, body: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await body();
    } catch (cause) {
      if (cause instanceof DiskError || cause instanceof FinalError || attempt >= retries) throw cause;
      await sleep(pause * 2 ** attempt);
    }
  }
}

/** Refuses an answer that is none of these. @throws {FinalError} one that stays; Error for one that may pass */
export function requireStatus({ statusCode = 0 }: IncomingMessage, ...expected: readonly number[]): void {
  if (expected.includes(statusCode)) return;
  const passing = statusCode >= 500 || statusCode === 408 || statusCode === 429;
  throw new (passing ? Error : FinalError)(`the server answers ${statusCode}`);
}
