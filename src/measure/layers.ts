/** @file The layers of a model that is neither a CRATE classifier nor a ViT: the same measures, untrained and trained. */

import { type Figure, figure, lineChart } from "../chart/index.ts";
import { DecoupledISTA, MSSA, OvercompleteISTA } from "../model/index.ts";
import { type Module, record } from "../nn/index.ts";
import { noGrad, scope, type Tensor } from "../tensor/index.ts";
import { measureTokens, type TokenMeasure } from "./tokens.ts";

/** `code`: the share of non-zeros of an overcomplete code. */
export type LayerName = TokenMeasure | "code";

/** Means over samples, layer by layer. */
export type Measures = Partial<Record<LayerName, number>>[];

/** A model of layers whose tokens can be looked at. */
export type Layered = Module & { readonly blocks: readonly Module[] };

const AT_ONCE = 8;
const OPTIONS = { precision: 0.5, authorsEpsilon: 0.01 };

/**
 * Measures every layer: Rᶜ of projections and of tokens after MSSA where there are subspaces, R, non-zeros, and non-zeros
 * of the code where a dictionary is overcomplete.
 *
 * @param inputs what the model takes, samples first
 * @param first the probe that shows the tokens before the first layer
 */
export function measureBlocks(model: Layered, inputs: Tensor, first: string): Measures {
  const sums: Measures = model.blocks.map(() => ({}));
  const count = inputs.size(0);
  for (let at = 0; at < count; at += AT_ONCE)
    noGrad(() =>
      scope(() => {
        const some = inputs.narrow(0, at, Math.min(AT_ONCE, count - at));
        for (const [l, found] of layersOf(model, some, first).entries())
          for (const [name, values] of Object.entries(found) as [LayerName, number[]][]) {
            const sum = values.reduce((total, value) => total + value, 0);
            sums[l]![name] = (sums[l]![name] ?? 0) + sum / count;
          }
      }, "measure layers"),
    );
  return sums;
}

function layersOf(model: Layered, inputs: Tensor, first: string): Partial<Record<LayerName, number[]>>[] {
  const subspaces = model.blocks.map(mssaOf);
  const paths = [first, "block.*.half", "block.*"];
  if (subspaces[0] !== undefined) paths.push("block.*.mssa.projection");
  if (model.blocks[0]!.children.some(({ module }) => isOvercomplete(module))) paths.push("block.*.ista.code");
  const { found } = record(model, paths, () => model.apply(inputs));
  try {
    return model.blocks.map((_, l) => {
      const mssa = subspaces[l];
      const code = found.get(`block.${l}.ista.code`);
      const measured = measureTokens(
        {
          input: found.get(l === 0 ? first : `block.${l - 1}`),
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

const mssaOf = (block: Module): MSSA | undefined =>
  block.children.map(({ module }) => module).find((module): module is MSSA => module instanceof MSSA);

/** More atoms than dimensions: its code is not what the layer puts out. */
const isOvercomplete = (module: Module): boolean =>
  module instanceof OvercompleteISTA || module instanceof DecoupledISTA;

/** What the table shows, where the model has it. */
const COLUMNS: readonly [LayerName, string][] = [
  ["authorsRate", "R^c"],
  ["paperRateUnit", "R^c of half, unit"],
  ["compressionUnit", "compressed, unit"],
  ["rateUnit", "R, unit"],
  ["nonZero", "non-zeros"],
  ["code", "non-zeros of code"],
];

/** One row for each layer. */
export const layerRows = (before: Measures, after: Measures): Record<string, number>[] =>
  after.map((trained, l) => {
    const cells = COLUMNS.flatMap(([name, title]) => {
      const [old, now] = [before[l]![name], trained[name]];
      if (old === undefined || now === undefined) return [];
      return [[`${title}, untrained`, old] as const, [`${title}, trained`, now] as const];
    });
    return { layer: l + 1, ...Object.fromEntries(cells) };
  });

/** Charts over the layers, by file name. */
export function layerFigures(before: Measures, after: Measures): Map<string, Figure> {
  const chart = (name: LayerName, title: string, unit: string): Figure | undefined => {
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
