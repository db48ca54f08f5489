/** @file What is read from the files of runs: the list, one of them, its numbers, its report, probes and figures. */

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Context, Hono } from "hono";
import { readReport } from "../../measure/report.ts";
import type { Catalogue, Run } from "../catalogue.ts";
import { detailOf } from "../detail.ts";
import { type MetricsQuestion, metricsAnswer } from "../metrics/answer.ts";
import type { MetricsStore } from "../metrics/store.ts";
import { readProbes } from "../probes.ts";
import { Refused } from "../refused.ts";

export function runRoutes(app: Hono, catalogue: Catalogue, store: MetricsStore): void {
  const runOf = (c: Context) => requireRun(catalogue, c);

  app.get("/api/runs", (c) =>
    tagged(
      c,
      catalogue.runs().map(({ row }) => row),
    ),
  );

  app.get("/api/runs/:id", async (c) => {
    const run = runOf(c);
    const { columns, exact } = await store.atOnce(join(run.path, "metrics.jsonl"));
    return c.json(detailOf(run, columns, exact));
  });

  app.get("/api/runs/:id/metrics", async (c) => {
    const run = runOf(c);
    const { columns, exact } = await store.atOnce(join(run.path, "metrics.jsonl"));
    const bytes = metricsAnswer(columns, questionOf(c.req.query()), exact);
    return c.body(bytes, 200, { "content-type": "application/octet-stream" });
  });

  app.get("/api/runs/:id/report", (c) => {
    const path = requireFile(catalogue, runOf(c), "report.json", "a report; vitrine inspect RUN makes one");
    return tagged(c, readReport(path));
  });

  app.get("/api/runs/:id/probes", async (c) => {
    const path = catalogue.within(runOf(c), "probes.jsonl");
    return tagged(c, { rows: path === undefined ? [] : await readProbes(path) });
  });

  app.get("/api/runs/:id/figures", (c) => c.json(figuresOf(catalogue, runOf(c))));

  app.get("/api/runs/:id/figures/:name", (c) => {
    const run = runOf(c);
    const name = figuresOf(catalogue, run).find((each) => each === c.req.param("name"));
    const path = name && catalogue.within(run, "figures", name);
    if (path === undefined) throw new Refused(404, "the run has no figure of that name");
    return svg(c, readFileSync(path));
  });
}

/** The run that an address names. @throws {Refused} there is none */
export function requireRun(catalogue: Catalogue, c: Context): Run {
  const id = c.req.param("id") ?? "";
  const run = /^[\w-]{12}$/.test(id) ? catalogue.find(id) : undefined;
  if (run !== undefined) return run;
  throw new Refused(404, "there is no such run; it may have been moved or removed");
}

function requireFile(catalogue: Catalogue, run: Run, name: string, what: string): string {
  const path = catalogue.within(run, name);
  if (path !== undefined) return path;
  throw new Refused(404, `${run.row.name} has no ${what.replace(/^an? /, "")}`);
}

/** Names of the drawings that `vitrine inspect` left. */
function figuresOf(catalogue: Catalogue, run: Run): string[] {
  const folder = catalogue.within(run, "figures");
  if (folder === undefined || !existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => name.endsWith(".svg")).sort(); // biome-ignore format: short
}

/** A drawing has its style inside; opened by itself it can do nothing. */
export const svg = (c: Context, bytes: Uint8Array): Response =>
  c.body(new Uint8Array(bytes), 200, {
    "content-type": "image/svg+xml",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
  });

/** The value, or 304 to a client that has it. */
export function tagged(c: Context, value: unknown): Response {
  const text = JSON.stringify(value);
  const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
  const headers = { etag, "cache-control": "no-cache" };
  if (c.req.header("if-none-match") === etag) return c.body(null, 304, headers);
  return c.body(text, 200, { ...headers, "content-type": "application/json" });
}

/** @throws {Refused} a number that is none */
function questionOf({ names, from, to, px }: Record<string, string>): MetricsQuestion {
  const number = (name: string, text: string | undefined): number | undefined => {
    if (text === undefined || text === "") return undefined;
    const value = Number(text);
    if (Number.isFinite(value)) return value;
    throw new Refused(400, `${name}: expected a number, got ${JSON.stringify(text.slice(0, 40))}`);
  };
  return {
    names: names === undefined || names === "" ? undefined : names.split(","),
    from: number("from", from),
    to: number("to", to),
    pixels: Math.min(4096, Math.max(1, Math.floor(number("px", px) ?? 1000))),
  };
}
