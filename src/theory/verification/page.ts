/** @file docs/theory.md, written from the registry and from the report in docs/theory/. */

import { claimGroups } from "../claims.ts";
import type { Verification, VerifiedClaim } from "./report.ts";

/** What was measured on trainings, which `verify` does not repeat. */
const TRAINED = [
  "## What trained models do",
  "Measured on trainings, which `vitrine verify` does not repeat:",
  "* **Rᶜ does not fall from layer to layer of a trained CRATE-GPT (negative).** Over three seeds it falls to layer 3 of 6, from 444 to 366 nats, and rises to 484 in the last, though MSSA lowers it in every layer. The rise is that of late tokens alone ([where it is](results.md#why-does-rc-rise-over-its-layers)).",
  "* **A trained head takes away what the derivation adds (negative for Z + MSSA(Z)).** As derived, a head adds Uₖ SSAₖ(Z). Where its output Wₖ is learned, the cosine of Wₖ and Uₖ falls from 0 ± .02 below 0 in every head and seed: in the mean to −.23 … −.34 in the four layers of a CRATE on CIFAR-10, and to −.06 … −.40 in the six of CRATE-GPT. Rᶜ of tokens of length 1 then falls by 1.5 to 2.0 nats in a layer, which before training takes away 0.0 to 0.4 ([what was made of it](results.md#a-layer-changed-by-what-was-seen-in-it)).",
];

/** The page about the claims: a table of verdicts, then each claim with its figure, from `figures` beside the page. */
export function theoryPage(report: Verification, figures: string): string {
  const found = new Map(report.claims.map((claim) => [claim.name, claim]));
  const groups = claimGroups.map(({ title, claims }) => ({
    title,
    claims: claims.flatMap(({ name }) => found.get(name) ?? []),
  }));
  const seconds = report.claims.reduce((sum, claim) => sum + claim.seconds, 0);
  return `${[
    "# Theory that runs",
    "<!-- written from docs/theory/report.json: npx vitest run src/theory/verification -u -->",
    "Each claim of the papers is an experiment: `vitrine verify` runs them all, `vitrine verify NAME` one of them. A claim is judged by numbers with ranges, which are in `report.json`: those of the papers and of reference experiments where there are such. What holds only under a condition is shown with the condition, and with a negative control beyond it. What fails for a reason that is understood says so.",
    `Written by \`vitrine verify --output docs/theory\`: ${report.claims.length} claims in ${seconds.toFixed(0)} s on one thread. In figures what is expected is dashed, what was measured solid, a negative control dotted; the numbers are in the CSV file beside each.`,
    table(report.claims),
    ...groups.flatMap(({ title, claims }) => [
      `## ${title}`,
      ...claims.flatMap((claim) => section(claim, figures)),
    ]),
    ...TRAINED,
  ].join("\n\n")}\n`;
}

const escaped = (text: string): string =>
  text.replaceAll("|", "\\|").replaceAll("_", "\\_").replaceAll("*", "\\*");

function table(claims: readonly VerifiedClaim[]): string {
  const rows = claims.map(({ name, measured, verdict, seconds }) => [
    `[${name}](#${name})`,
    ...[escaped(measured), escaped(verdict), seconds.toFixed(1)],
  ]);
  const heading = ["claim", "measured", "verdict", "seconds"];
  return [heading, heading.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function section(
  { name, title, source, expected, measured, verdict }: VerifiedClaim,
  figures: string,
): string[] {
  return [
    `### ${name}`,
    `${escaped(title)}.`,
    [
      `* source: ${escaped(source)}`,
      `* expected: ${escaped(expected)}`,
      `* measured: ${escaped(measured)}`,
      `* verdict: **${escaped(verdict)}**`,
    ].join("\n"),
    `![${escaped(title)}](${figures}/${name}.svg)`,
  ];
}
