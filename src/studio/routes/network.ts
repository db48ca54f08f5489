/** @file What libtorch makes of a run's checkpoint: the traced network, pictures, answers to the pages' questions. */

import { readFileSync, statSync } from "node:fs";
import { deserialize, serialize } from "node:v8";
import type { Context, Hono } from "hono";
import { listCheckpoints, pathOf } from "../../train/checkpoint-folder.ts";
import type { Cache } from "../cache.ts";
import type { Catalogue, Run } from "../catalogue.ts";
import type { Libtorch } from "../child/libtorch.ts";
import type { asks } from "../jobs/index.ts";
import type { NetworkAnswer } from "../jobs/network.ts";
import { Refused } from "../refused.ts";
import { requireRun, tagged } from "./runs.ts";

/** What a page may ask by POST: the names of `asks`, without the code, which brings libtorch. */
const ASKS = ["forward", "mask", "traverse", "memberships", "construct", "text", "segments"] as const satisfies readonly (keyof typeof asks)[]; // biome-ignore format: one line

export function networkRoutes(app: Hono, catalogue: Catalogue, libtorch: Libtorch, cache: Cache): void {
  /** Once for each checkpoint; the cache knows it by the checksums of its files. */
  async function networkOf(c: Context): Promise<NetworkAnswer> {
    const run = requireRun(catalogue, c);
    const { name, sums } = checkpointOf(catalogue, run, c.req.query("checkpoint") || "best");
    const recipe = readFileSync(`${run.path}/recipe.json`, "utf8");
    const report = catalogue.within(run, "report.json");
    const key = cache.key("network 1", sums, recipe, report ? `${statSync(report).mtimeMs}` : "");
    const known = cache.get(key);
    if (known !== undefined) return deserialize(known) as NetworkAnswer;
    const task = { job: "network", folder: run.path, asked: { checkpoint: name } };
    const answer = await libtorch.ask<NetworkAnswer>(task, c.req.raw.signal);
    cache.put(key, serialize(answer));
    return answer;
  }

  app.get("/api/runs/:id/onnx", async (c) => {
    const { onnx } = await networkOf(c);
    return c.body(new Uint8Array(onnx), 200, { "content-type": "application/octet-stream" });
  });

  app.get("/api/runs/:id/facts", async (c) => {
    const { facts, why } = await networkOf(c);
    if (facts === undefined) throw new Refused(422, why ?? "the page cannot show this network");
    return tagged(c, JSON.parse(facts));
  });

  app.get("/api/runs/:id/samples.png", async (c) => {
    const { sheet } = await networkOf(c);
    if (sheet.length === 0) throw new Refused(404, "the run's data has no pictures");
    return c.body(new Uint8Array(sheet), 200, { "content-type": "image/png" });
  });

  app.get("/api/runs/:id/samples", async (c) => {
    const run = requireRun(catalogue, c);
    const { split = "test", from = "0", count = "24" } = c.req.query();
    const asked = { split, from: Number(from), count: Number(count) };
    return c.json(await libtorch.ask<object>({ job: "samples", folder: run.path, asked }, c.req.raw.signal));
  });

  const ask = async (c: Context, job: string): Promise<Response> => {
    const run = requireRun(catalogue, c);
    if (!ASKS.some((name) => name === job)) throw new Refused(404, `expected ${ASKS.join(", ")}`);
    const asked = await c.req.json<{ checkpoint?: string }>().catch(() => {
      throw new Refused(400, "expected a question in JSON");
    });
    checkpointOf(catalogue, run, asked?.checkpoint ?? "best");
    return c.json(await libtorch.ask<object>({ job, folder: run.path, asked }, c.req.raw.signal));
  };
  app.post("/api/runs/:id/ask/:job", (c) => ask(c, c.req.param("job")));
  app.post("/api/runs/:id/forward", (c) => ask(c, "forward"));
}

/** A checkpoint that is asked for, its folder in the root, and the checksums of its files. */
function checkpointOf(catalogue: Catalogue, run: Run, which: unknown): { name: string; sums: string } {
  const folder = catalogue.within(run, "checkpoints");
  const found = folder === undefined ? [] : listCheckpoints(folder);
  const named = found.find(({ name, best, last }) => name === which || (which === "best" && best) || (which === "last" && last)); // biome-ignore format: short
  if (folder === undefined || named === undefined)
    throw new Refused(
      404,
      found.length === 0 ? "the run has no checkpoint yet" : "the run has no such checkpoint",
    );
  const place = pathOf("", named.name);
  const [weights, sums] = ["model.safetensors", "SHA256SUMS"].map((file) => catalogue.within(run, "checkpoints", place, file)); // biome-ignore format: short
  if (weights === undefined || sums === undefined)
    throw new Refused(
      422,
      `${named.name} is damaged, or lies outside of the folder that the studio was opened on`,
    );
  return { name: named.name, sums: readFileSync(sums, "utf8") };
}
