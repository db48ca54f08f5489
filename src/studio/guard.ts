/** @file Who may ask: pages of this server in a browser of this machine, and programs that say its name. */

import { timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import { hostname } from "node:os";
import type { Context, Hono, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { Refused, refusal } from "./refused.ts";

export interface GuardOptions {
  /** Address that is listened on. */
  host: string;
  /** Known only once it listens. */
  port: () => number;
  token: string;
}

/** Bytes of a question: a picture of 1024 × 1024 in base64 takes 4 MiB. */
const MOST_BYTES = 8 * 2 ** 20;

const LOOPBACK = ["127.0.0.1", "localhost", "::1"];

/** Whether an address is this machine's own, which nobody else reaches. */
export const isLoopback = (host: string): boolean => LOOPBACK.includes(host);

/** What may load what: the page's own files, workers that it makes, and WebAssembly. */
export const POLICY = Object.entries({
  "default-src": "'none'",
  "script-src": "'self' 'wasm-unsafe-eval'",
  "style-src": "'self'",
  "img-src": "'self' data: blob:",
  "connect-src": "'self'",
  "worker-src": "'self' blob:",
  "base-uri": "'none'",
  "form-action": "'none'",
  "frame-ancestors": "'none'",
  "require-trusted-types-for": "'script'",
})
  .map((directive) => directive.join(" "))
  .join("; ");

const HEADERS = {
  "content-security-policy": POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
};

/** Puts every request through the checks, and headers on every answer. */
export function guard(app: Hono, options: GuardOptions): void {
  const cookie = () => `vitrine-${options.port()}`;
  const isOpen = isLoopback(options.host);

  const check: MiddlewareHandler = async (c, next) => {
    requireHost(c, options);
    requireOwnPage(c);
    const { method, path } = c.req;
    if (!["GET", "HEAD", "POST"].includes(method))
      throw new Refused(405, `expected GET or POST, got ${method.slice(0, 20)}`);
    if (method === "POST" && !/^application\/json\s*(;|$)/.test(c.req.header("content-type") ?? ""))
      throw new Refused(415, "expected a question in JSON: content-type: application/json");
    const isAdmission = path === "/api/session" && method === "POST";
    const isPage = !path.startsWith("/api/") && method !== "POST";
    const needed = !isAdmission && !isPage && (!isOpen || method === "POST");
    if (needed && !same(cookieOf(c, cookie()), options.token))
      throw new Refused(401, 'open the address that "vitrine studio" printed: its end lets this page ask');
    await next();
  };

  app.use(async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(HEADERS)) if (!c.res.headers.has(name)) c.res.headers.set(name, value); // biome-ignore format: short
  });
  app.use(check);
  app.use(bodyLimit({ maxSize: MOST_BYTES, onError: (c) => refusal(new Refused(413, `expected at most ${MOST_BYTES / 2 ** 20} MiB`), c) })); // biome-ignore format: short

  /** The token of the address becomes a cookie, which this server's page alone sends. */
  app.post("/api/session", async (c) => {
    const { token } = await c.req.json<{ token?: unknown }>().catch(() => ({ token: undefined }));
    if (typeof token !== "string" || !same(token, options.token))
      throw new Refused(
        401,
        'this address is of a studio that has ended; open what "vitrine studio" printed',
      );
    return c.json({}, 200, { "set-cookie": `${cookie()}=${token}; Path=/; HttpOnly; SameSite=Strict` });
  });
}

/** A name that leads elsewhere in the world's DNS could be made to lead here: only our own are heard. */
function requireHost(c: Context, { host, port }: GuardOptions): void {
  const { name, port: asked } = partsOf(c.req.header("host") ?? "");
  const isOurs = isLoopback(host)
    ? isLoopback(name)
    : isLoopback(name) || name === host || isIP(name) > 0 || name === hostname().toLowerCase();
  if (!isOurs || asked !== port()) throw new Refused(403, "this server answers under its own address only");
}

/** `name:port` or `[::1]:port`; port 80 may be left out. */
function partsOf(host: string): { name: string; port: number } {
  const [, six, name = six, port = "80"] = /^(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(host) ?? []; // biome-ignore format: short
  return { name: name?.toLowerCase() ?? "", port: Number(port) };
}

/** A browser says where a request comes from; a program says nothing. */
function requireOwnPage(c: Context): void {
  const { origin, site } = { origin: c.req.header("origin"), site: c.req.header("sec-fetch-site") };
  const isForeign = origin !== undefined && origin !== `http://${c.req.header("host")}`;
  if (isForeign || (site !== undefined && site !== "same-origin" && site !== "none"))
    throw new Refused(403, "another page asked; only the studio's own page may");
}

function cookieOf(c: Context, name: string): string {
  const each = (c.req.header("cookie") ?? "").split(";").map((part) => part.trim());
  return each.find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
}

/** In a time that does not tell how much of it is right. */
function same(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
