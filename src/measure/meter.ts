/** @file Measures every layer of a model on inputs: what it compresses, sparsifies and expands, and how its weights lie. */

import type { Module } from "../nn/index.ts";
import { estimate } from "../rate/index.ts";
import { noGrad, scope, type Tensor, UsageError } from "../tensor/index.ts";
import { measureFeatures, nonZeros, pooledRows } from "./features.ts";
import { type Seen, type Stack, type Subject, stacksOf, watch } from "./layered.ts";
import { RatePartSums, type RateParts } from "./rate-parts.ts";
import { measureTokens, spectrumSum, type TokenMeasure } from "./tokens.ts";
import { measureWeights, type WeightMeasures } from "./weights.ts";

/** Mean over samples with a standard deviation; NaN where it is not defined (one sample, a token of zeros). */
export interface Spread {
  mean: number;
  std: number;
}

/** `code`: the share of non-zeros of the code in an overcomplete dictionary. */
export type LayerMeasureName = TokenMeasure | "code";

/**
 * One layer. What is not defined for it is left out: without subspaces U there is no Rᶜ, and features of convolutions
 * have one rate for all samples, where tokens have one for each. Rates are in nats; deviations are unbiased but for
 * `nonZero` and `code`, which have the population's.
 *
 * `authorsRate`: R̂ᶜ of LN(Z^ℓ)U^ℓ, unit tokens per head, ε = 0.01 not squared. `paperRate`: Rᶜ(Z^{ℓ+1/2} | U^ℓ).
 * `compression`: Rᶜ(Z^ℓ | U^ℓ) − Rᶜ(Z^{ℓ+1/2} | U^ℓ), negative where attention expanded. `reduction`: ΔR of Z^{ℓ+1/2}.
 * `headRates`, `windowRates`: `authorsRate` of each head, and of stretches of a sequence. `rate`: R(Z^{ℓ+1}). The same with `Unit`: of tokens scaled to unit length. `nonZero`: share of Z^{ℓ+1} that is not 0.
 */
export type LayerMeasure = Partial<Record<LayerMeasureName, Spread>> &
  Partial<RateParts> & {
    /** Of features, all samples together: R at unit length, nats, and how many directions hold 95 % of the energy. */
    featureRate?: number;
    featureRank?: number;
    /** Singular values of Z^{ℓ+1}, each the mean over samples, or of all features; from the largest on. */
    spectrum: number[];
    weights?: WeightMeasures;
  };

/** The layers of one stack. */
export interface StackMeasures {
  name: string;
  layers: LayerMeasure[];
}

export interface MeasureOptions {
  /** ε of all rates but the authors' estimator; 0.5. */
  epsilon?: number;
  /** ε of the authors' estimator, not squared; 0.01. */
  authorsEpsilon?: number;
  /** Samples whose singular values are taken, the first ones: those are slow; 32. */
  spectra?: number;
  /** Stretches of a sequence whose rates are measured apart; 0, as tokens of an image are no sequence. */
  windows?: number;
}

/** With what is left out filled in. @throws {UsageError} out of range */
export function measureSettings(options: MeasureOptions = {}): Required<MeasureOptions> {
  const { epsilon = 0.5, authorsEpsilon = 0.01, spectra = 32, windows = 0 } = options;
  for (const [name, value] of Object.entries({ epsilon, authorsEpsilon }))
    if (!(value > 0 && Number.isFinite(value)))
      throw new UsageError(`${name}: expected ε > 0, got ${value}`, { path: name });
  if (!(Number.isInteger(spectra) && spectra >= 1))
    throw new UsageError(`spectra: expected a whole number of at least 1, got ${spectra}`);
  if (!(Number.isInteger(windows) && windows >= 0))
    throw new UsageError(`windows: expected a whole number of at least 0, got ${windows}`);
  return { epsilon, authorsEpsilon, spectra, windows };
}

/** One layer over any number of batches; holds numbers only, no tensors. */
export class LayerMeter {
  private readonly samples = new Map<LayerMeasureName, number[]>();
  private readonly rows: Float32Array[] = [];
  private spectrum: Float64Array | undefined;
  private count = 0;
  private readonly parts: RatePartSums;

  constructor(private readonly settings: Required<MeasureOptions>) {
    this.parts = new RatePartSums(settings);
  }

  /** What the layer showed of some more samples. */
  add(seen: Seen): void {
    if (seen.kind === "features") {
      this.keep("nonZero", nonZeros(seen.values));
      for (const row of pooledRows(seen.values)) this.rows.push(row);
      return;
    }
    const { tokens, code } = seen;
    for (const [name, values] of Object.entries(measureTokens(tokens, this.settings)))
      this.keep(name as TokenMeasure, values);
    if (code !== undefined) this.keep("code", nonZeros(code));
    if (tokens.projection !== undefined) this.parts.add(tokens.projection);
    const wanted = Math.min(tokens.output.size(0), this.settings.spectra - this.count);
    this.count += tokens.output.size(0);
    if (wanted <= 0) return;
    const sum = spectrumSum(tokens.output.narrow(0, 0, wanted));
    this.spectrum = sum.map((value, i) => value + (this.spectrum?.[i] ?? 0));
  }

  private keep(name: LayerMeasureName, values: readonly number[]): void {
    const known = this.samples.get(name) ?? [];
    this.samples.set(name, known);
    for (const value of values) known.push(value);
  }

  measures(block: Module | undefined): LayerMeasure {
    const { epsilon, spectra } = this.settings;
    const taken = Math.min(this.count, spectra);
    const measured: LayerMeasure =
      this.rows.length > 0
        ? measureFeatures(this.rows, epsilon)
        : { spectrum: Array.from(this.spectrum ?? [], (value) => value / taken) };
    for (const [name, values] of this.samples)
      measured[name] = name === "nonZero" || name === "code" ? population(values) : estimate(values);
    Object.assign(measured, this.parts.means());
    const weights = measureWeights(block);
    return weights === undefined ? measured : { ...measured, weights };
  }
}

/** Bytes of recorded tokens that are held at once. */
const BUDGET = 128 * 2 ** 20;

/** Every layer of a model, over any number of batches. */
export class Meter {
  readonly settings: Required<MeasureOptions>;
  private readonly stacks: readonly Stack[];
  private readonly meters: LayerMeter[][];
  private count = 0;
  /** Bytes that one sample shows; not known before the first. */
  private bytes: number | undefined;

  /** @throws {UsageError} options out of range */
  constructor(
    private readonly subject: Subject,
    options: MeasureOptions = {},
  ) {
    this.settings = measureSettings(options);
    this.stacks = stacksOf(subject.model);
    this.meters = this.stacks.map(({ layers }) => layers.map(() => new LayerMeter(this.settings)));
  }

  /**
   * Measures some more inputs, samples first, in as many parts as memory asks for. A model in training mode is given
   * them at once: its batch normalisation compares them.
   * @param read is shown what the model made of each part
   */
  add(inputs: Tensor, read?: (output: Tensor) => void): void {
    const all = inputs.size(0);
    for (let at = 0; at < all; ) {
      const most = this.bytes === undefined ? 1 : Math.max(1, Math.floor(BUDGET / this.bytes));
      const length = this.subject.model.training ? all : Math.min(most, all - at);
      noGrad(() => scope(() => this.addPart(inputs.narrow(0, at, length), read), "Meter"));
      at += length;
    }
  }

  private addPart(inputs: Tensor, read: ((output: Tensor) => void) | undefined): void {
    watch(this.subject, this.stacks, inputs, (output, seen) => {
      read?.(output);
      this.bytes ??= sizeOf(seen.flat()) / inputs.size(0) + 1;
      seen.forEach((layers, s) => {
        layers.forEach((layer, l) => {
          scope(() => this.meters[s]![l]!.add(layer), "Meter layer");
        });
      });
    });
    this.count += inputs.size(0);
  }

  /** The measures of all samples so far. @throws {UsageError} when there are none */
  measures(): StackMeasures[] {
    if (this.count === 0) throw new UsageError("measuring layers: expected at least one sample, got none");
    return this.stacks.map(({ name, layers }, s) => ({
      name,
      layers: layers.map(({ block }, l) => this.meters[s]![l]!.measures(block)),
    }));
  }
}

/** Measures every layer of a model on inputs, samples first: images, normalised, [b, c, h, w], or tokens, int64 [b, n]. */
export function measureLayers(model: Module, inputs: Tensor, options: MeasureOptions = {}): StackMeasures[] {
  const meter = new Meter({ model }, options);
  meter.add(inputs);
  return meter.measures();
}

function sizeOf(seen: readonly Seen[]): number {
  const tensors = seen.flatMap((layer) => {
    if (layer.kind === "features") return [layer.values];
    const { half, output, projection } = layer.tokens;
    return [half, output, ...(projection === undefined ? [] : [projection])];
  });
  return tensors.reduce((sum, { numel }) => sum + 4 * numel, 0);
}

function population(samples: readonly number[]): Spread {
  const { mean } = estimate(samples);
  const squares = samples.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: Math.sqrt(squares / samples.length) };
}
