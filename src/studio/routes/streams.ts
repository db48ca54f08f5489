/** @file What comes without being asked for again: records as a run writes them, runs that come and go. */

import { join } from "node:path";
import type { Context, Hono } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import { runState } from "../../method/run-state.ts";
import type { Catalogue } from "../catalogue.ts";
import { tail } from "../tail.ts";
import type { Watch } from "../watch.ts";
import { requireRun } from "./runs.ts";

/** Milliseconds between signs of life, by which both sides find out that the other has gone. */
const SIGN = 15_000;

export function streamRoutes(app: Hono, catalogue: Catalogue, watch: Watch, signal: AbortSignal): void {
  app.get("/api/runs/:id/tail", (c) => {
    const { path } = requireRun(catalogue, c);
    // a browser that comes back says what it had; that is newer than the address
    const from = Number(c.req.header("last-event-id") ?? c.req.query("from") ?? 0);
    return stream(c, signal, async (out, ended) => {
      const options = { path: join(path, "metrics.jsonl"), from: Number.isSafeInteger(from) && from > 0 ? from : 0 }; // biome-ignore format: short
      for await (const { event, offset } of tail({ ...options, state: () => runState(path), signal: ended }))
        await out.writeSSE({ id: `${offset}`, data: JSON.stringify(event) });
    });
  });

  app.get("/api/events", (c) =>
    stream(c, signal, async (out, ended) => {
      const stop = watch.listen((event) => void out.writeSSE({ data: JSON.stringify(event) }));
      await new Promise((done) => ended.addEventListener("abort", done, { once: true }));
      stop();
    }),
  );
}

type Body = (out: SSEStreamingApi, ended: AbortSignal) => Promise<void>;

/** A stream of events that ends with the client, the body or the server. */
function stream(c: Context, closing: AbortSignal, body: Body): Response {
  return streamSSE(c, async (out) => {
    const ended = new AbortController();
    const end = () => ended.abort();
    out.onAbort(end);
    closing.addEventListener("abort", end, { once: true });
    const signs = setInterval(() => void out.write(": here\n\n"), SIGN);
    try {
      await out.write(": here\n\n"); // headers go out, and the browser knows that it is connected
      await body(out, ended.signal);
    } finally {
      clearInterval(signs);
      closing.removeEventListener("abort", end);
    }
  });
}
