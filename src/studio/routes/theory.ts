/** @file The claims of the theory, and what the newest report of `vitrine verify` below the root says of them. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Hono } from "hono";
import type { Catalogue } from "../catalogue.ts";
import { Refused } from "../refused.ts";
import type { TheoryRow } from "../shapes.ts";
import { svg, tagged } from "./runs.ts";

/** Claims that speak of what layers do, which a trained network's layers can be laid beside. */
const OF_LAYERS: Readonly<Record<string, TheoryRow["ofLayers"]>> = {
  "attention-step": "compression",
  "compression-score": "compression",
  "ista-descent": "sparsity",
  "majorise-descent": "sparsity",
  "attention-concentration": "attention",
};

export function theoryRoutes(app: Hono, catalogue: Catalogue): void {
  app.get("/api/theory", async (c) => {
    const { claims } = await import("../../theory/claims.ts");
    const verified = await newest(catalogue);
    const rows = claims.map(({ name, title, source, expected, condition }): TheoryRow => {
      const found = verified?.report.claims.find((claim) => claim.name === name);
      const figure = verified && figureOf(catalogue, verified.folder, name);
      return {
        ...{ name, title, source, expected },
        ...(condition && { condition }),
        ...(found && { passed: found.passed, measured: found.measured }),
        ...(figure !== undefined && { figure: `api/theory/figures/${name}.svg` }),
        ...(OF_LAYERS[name] && { ofLayers: OF_LAYERS[name] }),
      };
    });
    return tagged(c, rows);
  });

  app.get("/api/theory/figures/:file", async (c) => {
    const { claims } = await import("../../theory/claims.ts");
    const claim = claims.find(({ name }) => `${name}.svg` === c.req.param("file"));
    const verified = await newest(catalogue);
    const path = claim && verified && figureOf(catalogue, verified.folder, claim.name);
    if (path === undefined) throw new Refused(404, "there is no such figure");
    return svg(c, readFileSync(path));
  });
}

const figureOf = (catalogue: Catalogue, folder: string, claim: string): string | undefined =>
  catalogue.inside(join(folder, "figures", `${claim}.svg`));

/** The report that was written last, in the root, a folder in it, or `verify` beside it; damaged ones are left out. */
async function newest(catalogue: Catalogue) {
  const { readVerification } = await import("../../theory/verification/report.ts");
  const found = foldersOf(catalogue.root).flatMap((folder) => {
    const path = catalogue.inside(join(folder, "report.json"));
    const stat = path && statSync(path, { throwIfNoEntry: false });
    return stat ? [{ folder, path: path!, time: stat.mtimeMs }] : [];
  });
  for (const { folder, path } of found.sort((a, b) => b.time - a.time))
    try {
      return { folder, report: readVerification(path) };
    } catch {} // a report of something else
  return undefined;
}

const foldersOf = (root: string): string[] => [
  root,
  ...readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => join(root, name)),
];
