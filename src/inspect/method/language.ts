/** @file Inside a language model: what each layer compresses and sparsifies on text, untrained and trained. */

import { blockStarts, blocksAt } from "../../data/text/index.ts";
import { buildLanguageModel, restoreLanguageModel } from "../../method/language/run.ts";
import { openTokens, runTokenizer } from "../../method/language/text.ts";
import { openRunOf } from "../../method/load-run.ts";
import type { InspectRun } from "../../method/run-types.ts";
import { type Bert, type Gpt, isCausal, MSSA } from "../../model/index.ts";
import { record } from "../../nn/index.ts";
import { noGrad, scope, type Tensor } from "../../tensor/index.ts";
import { freeCheckpoint } from "../../train/checkpoint.ts";
import { type Figure, figure, lineChart } from "../chart/index.ts";
import { measureTokens, type TokenMeasure } from "../tokens.ts";
import { curves } from "./features.ts";
import { writeFindings } from "./report.ts";

/** Means over blocks of text, layer by layer. */
type Measures = Partial<Record<TokenMeasure | "code", number>>[];

const AT_ONCE = 8;
const OPTIONS = { precision: 0.5, authorsEpsilon: 0.01 };

/**
 * Measures every layer on blocks of text, the same as of images: Rᶜ of projections and of tokens after MSSA, R, non-zeros;
 * and `code`, the share of non-zeros of an overcomplete code.
 *
 * @param blocks int64 [samples, n]
 */
export function measureText(model: Gpt | Bert, blocks: Tensor): Measures {
  const sums: Measures = model.blocks.map(() => ({}));
  const count = blocks.size(0);
  for (let at = 0; at < count; at += AT_ONCE)
    noGrad(() =>
      scope(() => {
        const rows = blocks.narrow(0, at, Math.min(AT_ONCE, count - at));
        for (const [l, found] of layersOf(model, rows).entries())
          for (const [name, values] of Object.entries(found) as [keyof Measures[number], number[]][]) {
            const sum = values.reduce((total, value) => total + value, 0);
            sums[l]![name] = (sums[l]![name] ?? 0) + sum / count;
          }
      }, "measure text"),
    );
  return sums;
}

function layersOf(model: Gpt | Bert, rows: Tensor): Partial<Record<TokenMeasure | "code", number[]>>[] {
  const subspaces = model.blocks.map((block) => mssaOf(block));
  const white = subspaces[0] !== undefined;
  const coded = modulesOf(model.blocks[0]!).some((module) => "D" in module && isOvercomplete(module));
  const paths = ["input", "block.*.half", "block.*"];
  if (white) paths.push("block.*.mssa.projection");
  if (coded) paths.push("block.*.ista.code");
  const { found } = record(model, paths, () => model.apply(rows));
  try {
    return model.blocks.map((_, l) => {
      const mssa = subspaces[l];
      const code = found.get(`block.${l}.ista.code`);
      const measured = measureTokens(
        {
          input: found.get(l === 0 ? "input" : `block.${l - 1}`),
          projection: found.get(`block.${l}.mssa.projection`),
          half: found.get(`block.${l}.half`)!,
          output: found.get(`block.${l}`)!,
          subspaces: mssa && { U: mssa.U, heads: mssa.options.heads },
        },
        OPTIONS,
      );
      return code === undefined
        ? measured
        : { ...measured, code: code.ne(0).to("float32").mean([1, 2]).numbers() };
    });
  } finally {
    for (const tensor of found.values()) tensor.dispose();
  }
}

type Node = { children: readonly { module: object }[] };
const modulesOf = (block: Node): object[] => block.children.map(({ module }) => module);
const mssaOf = (block: Node): MSSA | undefined =>
  modulesOf(block).find((module): module is MSSA => module instanceof MSSA);
/** More atoms than dimensions: its code is not what the layer puts out. */
const isOvercomplete = (module: object): boolean => {
  const { D } = module as { D: Tensor };
  return D.size(0) !== D.size(1);
};

/** Measures blocks of the run's text. */
export const inspectLanguage: InspectRun = async (folder, options) => {
  const run = openRunOf(folder, options.checkpoint, ["language"], "inspecting a language model");
  const { recipe, checkpoint } = run;
  try {
    const tokenizer = runTokenizer(folder, checkpoint);
    const data = openTokens(recipe, tokenizer);
    using after = restoreLanguageModel(recipe, checkpoint, tokenizer);
    using before = buildLanguageModel(recipe, tokenizer);
    const { block } = recipe.model;
    const text = data[options.split];
    const starts = blockStarts(text.length, block, block, options.samples);
    using blocks = blocksAt(text, starts, block);
    const measured = { before: measureText(before, blocks), after: measureText(after, blocks) };
    const rows = measured.after.map((trained, l) => rowOf(l, measured.before[l]!, trained));
    const last = measured.after.at(-1)!;
    const numbers = { blocks: starts.length, tokens: block, "non-zeros of the last layer": last.nonZero! };
    const training = curves(
      folder,
      { "train/loss": "training batches", "eval/loss": "test text" },
      isCausal(recipe.model.name) ? "Loss of the next token" : "Loss of masked tokens",
      "nats",
    );
    const figures = new Map([
      ...layerFigures(measured),
      ...(training === undefined ? [] : [["training", training] as const]),
    ]);
    return writeFindings(folder, run, { numbers, rows, figures }, options);
  } finally {
    freeCheckpoint(checkpoint);
  }
};

/** What the table shows, where the model has it. */
const COLUMNS: readonly [TokenMeasure | "code", string][] = [
  ["authorsRate", "R^c"],
  ["paperRateUnit", "R^c of half, unit"],
  ["compressionUnit", "compressed, unit"],
  ["rateUnit", "R, unit"],
  ["nonZero", "non-zeros"],
  ["code", "non-zeros of code"],
];

function rowOf(l: number, before: Measures[number], after: Measures[number]): Record<string, number> {
  const cells = COLUMNS.flatMap(([name, title]) => {
    const [untrained, trained] = [before[name], after[name]];
    if (trained === undefined || untrained === undefined) return [];
    return [[`${title}, untrained`, untrained] as const, [`${title}, trained`, trained] as const];
  });
  return { layer: l + 1, ...Object.fromEntries(cells) };
}

function layerFigures({ before, after }: { before: Measures; after: Measures }): Map<string, Figure> {
  const chart = (name: TokenMeasure | "code", title: string, unit: string): Figure | undefined => {
    if (after[0]?.[name] === undefined) return undefined;
    const series = (label: string, layers: Measures) => ({
      name: label,
      x: layers.map((_, l) => l + 1),
      y: layers.map((layer) => layer[name] ?? null),
      marker: "circle" as const,
    });
    const all = [series("untrained", before), series("trained", after)];
    return figure({ title }, lineChart({ series: all, x: { label: "layer" }, y: { label: unit } }));
  };
  const wanted = [
    ["coding-rate", chart("authorsRate", "R^c of LN(Z^ℓ)U^ℓ per layer, as the authors' code has it", "nats")],
    ["non-zeros", chart("nonZero", "Share of non-zeros after each layer", "share")],
    ["code", chart("code", "Share of non-zeros of the code of each layer", "share")],
    ["rate", chart("rateUnit", "R of all tokens after each layer, at unit length", "nats")],
  ] as const;
  return new Map(wanted.flatMap(([name, made]) => (made === undefined ? [] : [[name, made]])));
}
