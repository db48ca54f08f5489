/** @file README.md of a folder for the hub: what the model is, how well it does, what its layers do, how it is loaded. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { measuredSplit } from "../../data/index.ts";
import { readReport } from "../../measure/index.ts";
import { readMetrics } from "../../train/metrics.ts";
import type { Source } from "../open.ts";
import { published } from "../published.ts";

export interface CardOptions {
  library: string;
  task: string;
  tags: readonly string[];
  /** How the model is used: lines of Python, or of the command line. */
  loading: string;
  language: "python" | "sh";
  /** The lines that make the folder, which has no ONNX then. */
  made?: string;
}

export function modelCard(source: Source, card: CardOptions): string {
  const { library, task, tags, loading, language, made } = card;
  const { name, network, sha256, run } = source;
  const front = [
    "---",
    `library_name: ${library}`,
    `pipeline_tag: ${task}`,
    "tags:",
    ...tags.map((tag) => `- ${tag}`),
    "---",
  ];
  const parts = [
    [front.join("\n")],
    [`# ${name}`, `${network.name}, exported by vitrine. Weights: SHA-256 \`${sha256}\`.`],
    run === undefined ? [] : ["## Training", fenced("json", JSON.stringify(published(run.recipe), null, 2))],
    section("## Scores", scores(source)),
    section("## Layers", layers(source)),
    ["## Use", fenced(language, loading)],
    made === undefined ? [] : ["## Made by", fenced("sh", made)],
    made !== undefined
      ? []
      : [
          "`onnx/` holds the same network with every probe as an output: tokens, half, attention, projection of each layer.",
        ],
  ];
  return `${parts.flat().join("\n\n")}\n`;
}

const fenced = (language: string, text: string): string => [`\`\`\`${language}`, text, "```"].join("\n");
const section = (title: string, body: string | undefined): string[] =>
  body === undefined ? [] : [title, body];

/** What was measured at the checkpoint's step. */
function scores({ run }: Source): string | undefined {
  const path = run && join(run.folder, "metrics.jsonl");
  if (path === undefined || !existsSync(path)) return undefined;
  const step = Number(/\d+$/.exec(run!.checkpoint)?.[0]);
  const found = readMetrics(path).find((record) => record.step === step && "eval/loss" in record);
  if (found === undefined) return undefined;
  const rows = Object.entries(found).filter(([key]) => key.startsWith("eval/"));
  return table(
    ["measure", measuredSplit(run!.recipe.data as { validation?: number })],
    rows.map(([key, value]) => [key.slice("eval/".length), String(value)]),
  );
}

/** The rates of `vitrine inspect`, where the run has a report. */
function layers({ run }: Source): string | undefined {
  const path = run && join(run.folder, "report.json");
  if (path === undefined || !existsSync(path)) return undefined;
  const [stack] = readReport(path).layers ?? [];
  if (stack === undefined) return undefined;
  const shown = (spread: { mean: number | null } | undefined) => spread?.mean?.toFixed(3) ?? "";
  return table(
    ["layer", "Rᶜ (authors' estimator)", "Rᶜ", "share of non-zeros"],
    stack.after.map((layer, l) => [
      `${l + 1}`,
      shown(layer.authorsRate),
      shown(layer.paperRate),
      shown(layer.nonZero),
    ]),
  );
}

const table = (heading: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heading, heading.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
