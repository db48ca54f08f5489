/** @file What training notes of a network's layers at each evaluation: a few numbers for each layer, on samples that stay the same. */

import { type Size, sides } from "../base/size.ts";
import { authorsLayerRate, codingRate, nonZeroShare, rateOfProjections } from "../rate/index.ts";
import { NotFiniteError, noGrad, PrecisionError, scope, type Tensor } from "../tensor/index.ts";
import { attentionProbes, classMaps, weightsOf } from "./attention.ts";
import { type Seen, type Stack, type StackLayer, type Subject, stacksOf, watch } from "./layered.ts";
import { project, unitTokens } from "./tokens.ts";

/** ε of all rates here but the authors' estimator, whose own is not squared. */
export const PROBE_EPSILON = 0.5;
const AUTHORS_EPSILON = 0.01;

type Numbers = (number | null)[];

/**
 * Means over the samples, in nats; null where a layer has not what is measured, or rounding leaves nothing of it.
 *
 * `rc`: Rᶜ(Z^ℓ | U^ℓ) of what enters each layer, and behind the last Rᶜ(Z^{L+1} | U^L): L + 1 numbers. `rcHalf`:
 * Rᶜ(Z^{ℓ+½} | U^ℓ). `rcAuthors`: R̂ᶜ of LN(Z^ℓ)U^ℓ as the authors' code has it. `nonZero`: share of Z^{ℓ+1}.
 * Of tokens of length 1: `rcUnit`, `rcHalfUnit`; `rate`: R(Z^{ℓ+1}); `compressionUnit`: Rᶜ that
 * MSSA takes away; `reductionUnit`: ΔR(Z^{ℓ+½}); `sparseUnit`: R(Z) − λ‖Z‖₁ that ISTA adds to Z^{ℓ+½}.
 */
export interface LayerProbes {
  samples: number;
  epsilon: number;
  rc: Numbers;
  rcHalf: Numbers;
  rcUnit: Numbers;
  rcHalfUnit: Numbers;
  rcAuthors: Numbers;
  nonZero: Numbers;
  rate: Numbers;
  compressionUnit: Numbers;
  reductionUnit: Numbers;
  sparseUnit: Numbers;
  /** The class token's attention [image][layer][head][patch]. */
  attention?: number[][][][];
}

/** What one layer shows of each sample. */
type Measured = Partial<Record<"in" | "half" | "out" | "inUnit" | "halfUnit" | "outUnit" | "authors" | "halfRate" | "nonZero" | "rate" | "compression" | "reduction" | "sparse", number[]>>; // biome-ignore format: short

/** Images whose attention is noted, and how many numbers that may be in all: some hundred kilobytes of text. */
const SHOWN = 4;
const MOST_WEIGHTS = 2 ** 16;

/** Bytes of tokens that are recorded at once. */
const BUDGET = 2 ** 27;

/**
 * Measures the encoder's layers of tokens, in evaluation mode; the mode is put back. Nothing is drawn at random, and
 * nothing changes that training would see.
 *
 * @param samples the first dimension counts them
 * @param patch size of the patches, where a class token attends to some
 * @returns nothing where the network has no layers of tokens, as convolutions
 */
export function layerProbes(subject: Subject, samples: Tensor, patch?: Size): LayerProbes | undefined {
  const { model } = subject;
  const [stack] = stacksOf(model);
  if (stack === undefined || stack.layers.length === 0) return undefined;
  const { training } = model;
  model.eval();
  try {
    return inParts(subject, stack, samples, patch);
  } finally {
    model.train(training);
  }
}

/** The first part has the images whose attention is noted; then as many at a time as memory asks for. */
function inParts(subject: Subject, stack: Stack, samples: Tensor, patch?: Size): LayerProbes | undefined {
  const all: Measured[] = stack.layers.map(() => ({}));
  let attention: number[][][][] = [];
  const count = samples.size(0);
  let part = SHOWN;
  for (let at = 0; at < count; ) {
    const length = Math.min(part, count - at);
    const also = at === 0 && patch !== undefined ? attentionProbes(stack.layers) : [];
    const bytes = noGrad(() =>
      scope(
        () =>
          watch(
            subject,
            [stack],
            samples.narrow(0, at, length),
            (_, [layers], found) => {
              if (layers!.some(({ kind }) => kind !== "tokens")) return undefined;
              layers!.forEach((seen, l) => {
                const isLast = l === layers!.length - 1;
                add(
                  all[l]!,
                  scope(() => measured(seen, stack.layers[l]!, isLast), "layer probes"),
                );
              });
              if (also.length > 0) attention = attentionOf(stack, samples, found, patch!);
              return layers!.reduce((sum, seen) => sum + bytesOf(seen), 0) / length;
            },
            also,
          ),
        "layer probes",
      ),
    );
    if (bytes === undefined) return undefined;
    part = Math.max(1, Math.floor(BUDGET / bytes));
    at += length;
  }
  return { ...summary(all, count), ...(attention.length > 0 && { attention }) };
}

const bytesOf = (seen: Seen): number => (seen.kind === "tokens" ? 12 * seen.tokens.output.numel : 0);

function add(all: Measured, some: Measured): void {
  for (const [name, values] of Object.entries(some) as [keyof Measured, number[]][])
    all[name] = [...(all[name] ?? []), ...values];
}

/** One layer, on the processor and in double precision: in single, long tokens would be measured twice for want of digits. */
function measured(seen: Seen, { block }: StackLayer, isLast: boolean): Measured {
  if (seen.kind !== "tokens") return {};
  const { input, projection, subspaces } = seen.tokens;
  const [half, out] = [near(seen.tokens.half), near(seen.tokens.output)];
  const halfUnit = unitTokens(half);
  const found: Measured = { nonZero: nonZeroShare(out).numbers() };
  const R = (Z: Tensor) => codingRate(Z, { epsilon: PROBE_EPSILON });
  /** A rate of each sample; nothing where float64 has not the digits: training goes on all the same. */
  const note = (name: keyof Measured, measure: () => Tensor): Tensor | undefined => {
    try {
      const values = measure();
      found[name] = values.numbers();
      return values;
    } catch (error) {
      if (error instanceof PrecisionError || error instanceof NotFiniteError) return undefined;
      throw error;
    }
  };
  const outUnit = unitTokens(out);
  const outRate = note("rate", () => R(outUnit));
  const lambda = lambdaOf(block);
  const isWhite = lambda !== undefined || subspaces !== undefined;
  const halfRate = isWhite ? note("halfRate", () => R(halfUnit)) : undefined;
  if (lambda !== undefined && outRate !== undefined && halfRate !== undefined) {
    const length = (Z: Tensor) => Z.abs().sum([1, 2]).mul(lambda);
    note("sparse", () => outRate.sub(length(outUnit)).sub(halfRate.sub(length(halfUnit))));
  }
  if (subspaces === undefined) return found;
  const U = { U: near(subspaces.U), heads: subspaces.heads };
  const Rc = (Z: Tensor) => rateOfProjections(project(Z, U), { epsilon: PROBE_EPSILON });
  note("half", () => Rc(half));
  const halfRc = note("halfUnit", () => Rc(halfUnit));
  if (halfRate !== undefined && halfRc !== undefined) note("reduction", () => halfRate.sub(halfRc));
  if (isLast) note("out", () => Rc(out));
  if (isLast) note("outUnit", () => Rc(outUnit));
  if (projection !== undefined) note("authors", () => authorsLayerRate(near(projection), AUTHORS_EPSILON));
  if (input === undefined) return found;
  const Z = near(input);
  note("in", () => Rc(Z));
  const inRc = note("inUnit", () => Rc(unitTokens(Z)));
  if (inRc !== undefined && halfRc !== undefined) note("compression", () => inRc.sub(halfRc));
  return found;
}

/** In this processor's memory. */
const near = (Z: Tensor): Tensor => Z.to("cpu").to("float64");

/** λ of the part that makes a layer's tokens sparse. */
function lambdaOf(block: StackLayer["block"]): number | undefined {
  const options = block?.children.map(({ module }) => (module as { options?: { lambda?: unknown } }).options);
  const found = options?.find((each) => typeof each?.lambda === "number")?.lambda;
  return found as number | undefined;
}

function summary(layers: readonly Measured[], samples: number): LayerProbes {
  const mean = (values: readonly number[] | undefined): number | null => {
    const sum = (values ?? []).reduce((all, value) => all + value, 0) / (values?.length ?? 0);
    return Number.isFinite(sum) ? Number(sum.toPrecision(6)) : null;
  };
  const of = (name: keyof Measured): Numbers => layers.map((layer) => mean(layer[name]));
  return {
    ...{ samples, epsilon: PROBE_EPSILON },
    ...{ rc: [...of("in"), mean(layers.at(-1)!.out)], rcHalf: of("half") },
    ...{ rcUnit: [...of("inUnit"), mean(layers.at(-1)!.outUnit)], rcHalfUnit: of("halfUnit") },
    rcAuthors: of("authors"),
    ...{ nonZero: of("nonZero"), rate: of("rate"), compressionUnit: of("compression") },
    ...{ reductionUnit: of("reduction"), sparseUnit: of("sparse") },
  };
}

/** Of the first images, as many as there is room for. */
function attentionOf(
  { layers }: Stack,
  images: Tensor,
  found: ReadonlyMap<string, Tensor>,
  patch: Size,
): number[][][][] {
  const [height, width] = sides(patch);
  const N = Math.floor(images.size(2) / height) * Math.floor(images.size(3) / width);
  const weights = weightsOf(layers, found);
  const each = weights.reduce((sum, A) => sum + N * (A?.size(1) ?? 0), 0);
  const shown = Math.min(SHOWN, images.size(0), Math.floor(MOST_WEIGHTS / each));
  return Array.from({ length: shown }, (_, i) => classMaps(weights, i, N)).flatMap((maps) =>
    maps === undefined ? [] : [maps.map((heads) => heads.map((head) => Array.from(head, short)))],
  );
}

/** Three digits: a map is looked at. */
const short = (weight: number): number => Number(weight.toPrecision(3));
