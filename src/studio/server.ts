/** @file The studio's server: its addresses, and how it starts and ends. */

import { createHash } from "node:crypto";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type ServerType, serve } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { Catalogue } from "./catalogue.ts";
import { detailOf } from "./detail.ts";
import { type MetricsQuestion, metricsAnswer } from "./metrics/answer.ts";
import { MetricsStore } from "./metrics/store.ts";
import { pageFiles } from "./page-files.ts";
import type { Refusal } from "./shapes.ts";

export interface StudioOptions {
  /** A folder of runs, or one run. */
  root: string;
  port?: number;
  host?: string;
}

export interface Studio {
  /** With the token in the fragment, which a browser keeps to itself. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export async function startStudio({ root, port = 0, host = "127.0.0.1" }: StudioOptions): Promise<Studio> {
  const catalogue = new Catalogue(root);
  const store = new MetricsStore();
  const app = new Hono();
  pageFiles(app);

  app.get("/api/runs", (c) => tagged(c, catalogue.rows()));
  app.get("/api/runs/:id", async (c) => {
    const run = catalogue.find(c.req.param("id"));
    if (run === undefined) return c.json(gone, 404);
    return c.json(detailOf(run, await store.columns(join(run.path, "metrics.jsonl"))));
  });
  app.get("/api/runs/:id/metrics", async (c) => {
    const run = catalogue.find(c.req.param("id"));
    if (run === undefined) return c.json(gone, 404);
    const columns = await store.columns(join(run.path, "metrics.jsonl"));
    const bytes = metricsAnswer(columns, questionOf(c.req.query()), true);
    return c.body(bytes, 200, { "content-type": "application/octet-stream" });
  });

  const server = await new Promise<ServerType>((done, failed) => {
    const started = serve({ fetch: app.fetch, port, hostname: host }, () => done(started));
    started.once("error", failed);
  });
  const { port: chosen } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${chosen}/`,
    port: chosen,
    close: () => new Promise((done) => server.close(() => done())),
  };
}

const gone: Refusal = { error: "there is no such run; it may have been moved or removed" };

/** The value, or 304 to a client that has it. */
function tagged(c: Context, value: unknown): Response {
  const text = JSON.stringify(value);
  const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
  if (c.req.header("if-none-match") === etag) return c.body(null, 304, { etag });
  return c.body(text, 200, { etag, "content-type": "application/json" });
}

function questionOf({ names, from, to, px }: Record<string, string>): MetricsQuestion {
  const number = (text: string | undefined) => (text === undefined || text === "" ? undefined : Number(text));
  return {
    names: names === undefined || names === "" ? undefined : names.split(","),
    from: number(from),
    to: number(to),
    pixels: Math.min(4096, Math.max(1, Math.floor(number(px) ?? 1000))),
  };
}
