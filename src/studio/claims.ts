/** @file The claims of the theory, and what the newest report of `vitrine verify` below a folder says of them. */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Claim } from "../theory/claim.ts";
import { claimGroups, claims } from "../theory/claims.ts";
import { readVerification, type Verification } from "../theory/verification/report.ts";
import type { Catalogue } from "./catalogue.ts";
import type { TheoryRow } from "./shapes.ts";

/** Claims that speak of what layers do, which a trained network's layers can be laid beside. */
const OF_LAYERS: Readonly<Record<string, TheoryRow["ofLayers"]>> = {
  "attention-step": "compression",
  "compression-score": "compression",
  "ista-descent": "sparsity",
  "majorise-descent": "sparsity",
  "attention-concentration": "attention",
  "gaussian-attention": "attention",
};

/** Every claim; beside those of a report their verdicts, and figures under the addresses that `address` gives. */
export function theoryRows(catalogue: Catalogue, address: (name: string) => string): TheoryRow[] {
  const verified = newestReport(catalogue);
  const row = (group: string, { name, title, source, expected, condition }: Claim): TheoryRow => {
    const found = verified?.report.claims.find((claim) => claim.name === name);
    const figure = verified && figureOf(catalogue, verified.folder, name);
    return {
      ...{ group, name, title, source, expected },
      ...(condition && { condition }),
      ...(found && { passed: found.passed, measured: found.measured }),
      ...(figure !== undefined && { figure: address(name) }),
      ...(OF_LAYERS[name] && { ofLayers: OF_LAYERS[name] }),
    };
  };
  return claimGroups.flatMap(({ title, claims }) => claims.map((claim) => row(title, claim)));
}

/** The figure of a claim in the newest report; nothing where there is no such claim or figure. */
export function claimFigurePath(catalogue: Catalogue, name: string): string | undefined {
  const claim = claims.find((each) => each.name === name);
  const verified = newestReport(catalogue);
  return claim && verified && figureOf(catalogue, verified.folder, claim.name);
}

const figureOf = (catalogue: Catalogue, folder: string, claim: string): string | undefined =>
  catalogue.inside(join(folder, "figures", `${claim}.svg`));

/** The report that was written last, in the root or in a folder of it; what is none is left out. */
function newestReport(catalogue: Catalogue): { folder: string; report: Verification } | undefined {
  const found = foldersOf(catalogue.root).flatMap((folder) => {
    const path = catalogue.inside(join(folder, "report.json"));
    return path === undefined ? [] : [{ folder, path, time: statSync(path).mtimeMs }];
  });
  for (const { folder, path } of found.sort((a, b) => b.time - a.time))
    try {
      return { folder, report: readVerification(path) };
    } catch {} // the report of a run
  return undefined;
}

const foldersOf = (root: string): string[] => [
  root,
  ...readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => join(root, name)),
];
