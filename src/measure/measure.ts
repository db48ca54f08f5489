/** @file Measures every layer of a model on images: what it compresses, sparsifies and expands, and how its weights lie. */

import type { Crate, CrateLayer, CrateMaeClassifier, DrawnClassifier } from "../model/index.ts";
import { record } from "../nn/index.ts";
import { estimate } from "../rate/index.ts";
import { noGrad, scope, type Tensor, UsageError } from "../tensor/index.ts";
import { measureTokens, spectrumSum, type TokenMeasure } from "./tokens.ts";
import { measureWeights, type WeightMeasures } from "./weights.ts";

/** Mean over samples with a standard deviation; NaN where it is not defined (one sample, a token of zeros). */
export interface Spread {
  mean: number;
  std: number;
}

/** One layer. Rates are in nats; deviations are unbiased but for `nonZero`, which has the population's. */
export interface LayerMeasure {
  /** The authors' estimator: R̂ᶜ of LN(Z^ℓ)U^ℓ with unit tokens per head, ε = 0.01 not squared. Null for a ViT. */
  authorsRate: Spread | null;
  /** The paper's: Rᶜ(Z^{ℓ+1/2} | U^ℓ). Null for a ViT, which has no U. */
  paperRate: Spread | null;
  /** The same of tokens scaled to unit length. */
  paperRateUnit: Spread | null;
  /** Rᶜ(Z^ℓ | U^ℓ) − Rᶜ(Z^{ℓ+1/2} | U^ℓ): what attention has compressed; negative where it expanded. */
  compression: Spread | null;
  compressionUnit: Spread | null;
  /** ΔR = R(Z^{ℓ+1/2}) − Rᶜ(Z^{ℓ+1/2} | U^ℓ). */
  reduction: Spread | null;
  reductionUnit: Spread | null;
  /** R(Z^{ℓ+1}), of all tokens after the layer. */
  rate: Spread;
  rateUnit: Spread;
  /** Share of entries of Z^{ℓ+1} that are not exactly 0. */
  nonZero: Spread;
  /** Singular values of Z^{ℓ+1}, each the mean over samples, from the largest on. */
  spectrum: number[];
  weights: WeightMeasures | null;
}

/** What measuring gives: one entry per layer, and the class predicted for each sample. */
export interface LayerMeasures {
  layers: LayerMeasure[];
  predictions: number[];
}

export interface MeasureOptions {
  /** ε of all rates but the authors' estimator; 0.5. */
  precision?: number;
  /** ε of the authors' estimator, not squared; 0.01. */
  authorsEpsilon?: number;
  /** Samples whose singular values are taken, the first ones: those are slow; 32. */
  spectra?: number;
}

/** Bytes of recorded tokens that are held at once. */
const BUDGET = 128 * 2 ** 20;

/** Collects measures over any number of batches; holds numbers only, no tensors. */
export class LayerMeter {
  readonly precision: number;
  readonly authorsEpsilon: number;
  readonly spectra: number;
  private readonly samples: Partial<Record<TokenMeasure, number[]>>[];
  private readonly spectrum: (Float64Array | undefined)[];
  private readonly predictions: number[] = [];
  private count = 0;

  /** @throws {UsageError} options out of range */
  constructor(
    private readonly model: DrawnClassifier,
    options: MeasureOptions = {},
  ) {
    const { precision = 0.5, authorsEpsilon = 0.01, spectra = 32 } = options;
    if (!(authorsEpsilon > 0 && Number.isFinite(authorsEpsilon)))
      throw new UsageError(`authorsEpsilon: expected ε > 0, got ${authorsEpsilon}`);
    if (!(Number.isInteger(spectra) && spectra >= 1))
      throw new UsageError(`spectra: expected a whole number of at least 1, got ${spectra}`);
    this.precision = precision;
    this.authorsEpsilon = authorsEpsilon;
    this.spectra = spectra;
    this.samples = model.blocks.map(() => ({}));
    this.spectrum = model.blocks.map(() => undefined);
  }

  /** Measures some more images, normalised, [b, c, h, w], in as many chunks as memory asks for. */
  add(images: Tensor): void {
    const { dim, heads, depth, patch, ...rest } = this.model.options;
    const inner = "headDim" in rest ? heads * (rest.headDim as number) : dim;
    const tokens = (images.size(2) / patch) * (images.size(3) / patch) + 1;
    const perImage = depth * tokens * (2 * dim + inner) * 4;
    const size = Math.max(1, Math.floor(BUDGET / perImage));
    for (let start = 0; start < images.size(0); start += size) {
      const length = Math.min(size, images.size(0) - start);
      noGrad(() => scope(() => this.addChunk(images.narrow(0, start, length)), "LayerMeter"));
    }
  }

  private addChunk(images: Tensor): void {
    const { model } = this;
    const crate = isCrate(model);
    const paths = ["block.*.half", "block.*", ...(crate ? ["tokens", "block.*.mssa.projection"] : [])];
    const { result, found } = record(model, paths, () => model.apply(images));
    try {
      for (const label of result.argmax(-1).numbers()) this.predictions.push(label);
      model.blocks.forEach((block, l) => {
        scope(() => this.addLayer(l, block as CrateLayer, found), "LayerMeter layer");
      });
    } finally {
      for (const tensor of found.values()) tensor.dispose();
    }
    this.count += images.size(0);
  }

  private addLayer(l: number, block: CrateLayer, found: ReadonlyMap<string, Tensor>): void {
    const output = found.get(`block.${l}`)!;
    const tokens = {
      input: found.get(l === 0 ? "tokens" : `block.${l - 1}`),
      projection: found.get(`block.${l}.mssa.projection`),
      half: found.get(`block.${l}.half`)!,
      output,
      subspaces: isCrate(this.model) ? { U: block.mssa.U, heads: block.options.heads } : undefined,
    };
    const samples = this.samples[l]!;
    for (const [name, values] of Object.entries(measureTokens(tokens, this))) {
      samples[name as TokenMeasure] = [...(samples[name as TokenMeasure] ?? []), ...values];
    }
    const wanted = Math.min(output.size(0), this.spectra - this.count);
    if (wanted <= 0) return;
    const sum = spectrumSum(output.narrow(0, 0, wanted));
    this.spectrum[l] = sum.map((value, i) => value + (this.spectrum[l]?.[i] ?? 0));
  }

  /** The measures of all samples so far. @throws {UsageError} when there are none */
  measures(): LayerMeasures {
    if (this.count === 0) throw new UsageError("measuring layers: expected at least one image, got none");
    const layers = this.model.blocks.map((block, l): LayerMeasure => {
      const samples = this.samples[l]!;
      const spread = (name: TokenMeasure) => (samples[name] ? estimate(samples[name]) : null);
      const taken = Math.min(this.count, this.spectra);
      return {
        authorsRate: spread("authorsRate"),
        paperRate: spread("paperRate"),
        paperRateUnit: spread("paperRateUnit"),
        compression: spread("compression"),
        compressionUnit: spread("compressionUnit"),
        reduction: spread("reduction"),
        reductionUnit: spread("reductionUnit"),
        rate: spread("rate")!,
        rateUnit: spread("rateUnit")!,
        nonZero: population(samples.nonZero!),
        spectrum: Array.from(this.spectrum[l]!, (value) => value / taken),
        weights: isCrate(this.model) ? measureWeights(block as CrateLayer) : null,
      };
    });
    return { layers, predictions: [...this.predictions] };
  }
}

/** Measures every layer on images, normalised, [b, c, h, w]. */
export function measureLayers(
  model: DrawnClassifier,
  images: Tensor,
  options: MeasureOptions = {},
): LayerMeasures {
  const meter = new LayerMeter(model, options);
  meter.add(images);
  return meter.measures();
}

/** Whether the model has subspaces and a dictionary to measure. */
export const isCrate = (model: DrawnClassifier): model is Crate | CrateMaeClassifier =>
  "mssa" in model.blocks[0]!;

function population(samples: readonly number[]): Spread {
  const { mean } = estimate(samples);
  const squares = samples.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: Math.sqrt(squares / samples.length) };
}
