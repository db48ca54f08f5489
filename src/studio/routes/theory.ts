/** @file The theory's claims beside the runs, and their figures. */

import { readFileSync } from "node:fs";
import type { Hono } from "hono";
import type { Catalogue } from "../catalogue.ts";
import { Refused } from "../refused.ts";
import { svg, tagged } from "./runs.ts";

/** The claims' code is read when it is first asked for: it is a third of a second. */
const claims = () => import("../claims.ts");

export function theoryRoutes(app: Hono, catalogue: Catalogue): void {
  app.get("/api/theory", async (c) =>
    tagged(
      c,
      (await claims()).theoryRows(catalogue, (name) => `api/theory/figures/${name}.svg`),
    ),
  );

  app.get("/api/theory/figures/:file", async (c) => {
    const name = c.req.param("file").replace(/\.svg$/, "");
    const path = (await claims()).claimFigurePath(catalogue, name);
    if (path === undefined) throw new Refused(404, "there is no such figure");
    return svg(c, readFileSync(path));
  });
}
