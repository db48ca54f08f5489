/** @file The sweeps below the studio's folder. */

import type { Hono } from "hono";
import type { Catalogue } from "../catalogue.ts";
import { tagged } from "./runs.ts";

/** Their code reads recipes and data: it is loaded when it is first asked for. */
const sweeps = () => import("../sweeps.ts");

export function sweepRoutes(app: Hono, catalogue: Catalogue): void {
  app.get("/api/sweeps", async (c) => tagged(c, (await sweeps()).sweepRows(catalogue)));
}
