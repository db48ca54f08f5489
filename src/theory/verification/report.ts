/** @file The outcome of `vitrine verify` as data and files: report.json, and a figure per claim. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { makeInnerFolder, writeFileAtomic } from "../../base/write-file.ts";
import { DataError, native, UsageError } from "../../tensor/index.ts";
import { root } from "../../tensor/libtorch.ts";
import type { Outcome } from "../verify.ts";
import { claimFigure } from "./figure.ts";

const finite = z.number();
const cells = z.array(finite.nullable());
const role = z.enum(["measured", "expected", "control"]);
const axis = z.strictObject({
  label: z.string(),
  scale: z.enum(["linear", "log"]).exactOptional(),
  min: finite.exactOptional(),
  max: finite.exactOptional(),
  format: z.enum(["number", "percent"]).exactOptional(),
});
const title = z.string().exactOptional();

const curves = z.strictObject({
  kind: z.literal("curves"),
  title,
  x: axis,
  y: axis,
  curves: z.array(
    z
      .strictObject({
        name: z.string(),
        x: z.array(finite),
        y: cells,
        role: role.exactOptional(),
        tone: z.int().exactOptional(),
        marker: z.literal("none").exactOptional(),
      })
      .refine(({ x, y }) => x.length === y.length, { error: "expected as many numbers in x as in y" }),
  ),
});
const bars = z.strictObject({
  kind: z.literal("bars"),
  title,
  x: z.strictObject({ label: z.string() }),
  y: axis,
  categories: z.array(z.string()),
  series: z.array(z.strictObject({ name: z.string(), values: cells, role: role.exactOptional() })),
});
const names = z.strictObject({ label: z.string(), names: z.array(z.string()) });
const map = z.strictObject({
  kind: z.literal("map"),
  title,
  x: names,
  y: names,
  values: cells,
  label: z.string(),
  min: finite.exactOptional(),
  max: finite.exactOptional(),
  colours: z.enum(["viridis", "diverging"]).exactOptional(),
  annotate: z.boolean().exactOptional(),
});

const MISFIT = "expected a value for each category, or for each row and column";
/** Whether there are as many values as places for them. */
function fits(panel: z.infer<typeof curves> | z.infer<typeof bars> | z.infer<typeof map>): boolean {
  if (panel.kind === "bars")
    return panel.series.every(({ values }) => values.length === panel.categories.length);
  return panel.kind === "curves" || panel.values.length === panel.x.names.length * panel.y.names.length;
}

const outcome = z.strictObject({
  name: z.string(),
  title: z.string(),
  source: z.string(),
  expected: z.string(),
  measured: z.string(),
  verdict: z.string(),
  passed: z.boolean(),
  seconds: finite,
  numbers: z
    .record(
      z.string(),
      z.strictObject({
        value: finite.nullable(),
        least: finite.exactOptional(),
        most: finite.exactOptional(),
      }),
    )
    .describe("what was measured, and the range in which the claim expects it; null is not finite"),
  plot: z.strictObject({
    subtitle: z.string(),
    panels: z.array(z.discriminatedUnion("kind", [curves, bars, map]).refine(fits, { error: MISFIT })),
  }),
});

const schema = z.strictObject({
  version: z.literal(1),
  created: z.iso.datetime(),
  quick: z.boolean(),
  seed: z.int(),
  claims: z.array(outcome),
  environment: z.strictObject({
    vitrine: z.string(),
    libtorch: z.string(),
    threads: z.int(),
    node: z.string(),
    platform: z.string(),
  }),
});

/** All that a run of `vitrine verify` found; figures and pages are made from it alone. */
export type Verification = z.infer<typeof schema>;
/** A claim in it. */
export type VerifiedClaim = Verification["claims"][number];

/** The report of these outcomes. */
export function verification(
  outcomes: readonly Outcome[],
  { quick, seed }: { quick: boolean; seed: number },
): Verification {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const environment = {
    vitrine: version,
    libtorch: native().versions().torch,
    threads: native().threads(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
  };
  const created = new Date().toISOString();
  // as JSON has it: what is not finite is null
  const claims = JSON.parse(JSON.stringify(outcomes)) as unknown;
  return schema.parse({ version: 1, created, quick, seed, claims, environment });
}

/** Reads a report. @throws {UsageError} no such file; {DataError} another report, or damaged: with the file and the field */
export function readVerification(file: string): Verification {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new UsageError(`${file} cannot be read; "vitrine verify" writes reports`, { path: file, cause });
  }
  const refuse = (what: string, cause?: unknown): never => {
    throw new DataError(`${file}: ${what}; write it anew with "vitrine verify"`, { path: file, cause });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return refuse('not a report of "vitrine verify": not JSON', cause);
  }
  if ((value as { kind?: unknown } | null)?.kind === "inspection")
    return refuse('a report of "vitrine inspect"');
  const found = schema.safeParse(value);
  if (found.success) return found.data;
  const { path, message } = found.error.issues[0]!;
  const place = path.map(String).join(".") || "top level";
  return refuse(`damaged report: ${place}: ${message}`);
}

/**
 * Writes report.json, and figures/NAME.svg with its numbers beside it as NAME.csv, making the folder.
 * @returns the paths of the SVG files
 * @throws {DiskError} when the folder cannot be written
 */
export function writeVerification(folder: string, report: Verification): string[] {
  const figures = makeInnerFolder(join(folder, "figures"));
  writeFileAtomic(join(folder, "report.json"), `${JSON.stringify(report)}\n`);
  return report.claims.map((claim) => {
    const { svg, csv } = claimFigure(claim);
    const path = join(figures, `${claim.name}.svg`);
    writeFileAtomic(path, svg);
    writeFileAtomic(join(figures, `${claim.name}.csv`), csv);
    return path;
  });
}
