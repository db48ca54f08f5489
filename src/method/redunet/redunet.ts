/** @file ReduNet: a network built layer by layer from data, each layer one gradient step, without back-propagation. */

import { segments } from "../../rate/index.ts";
import { cat, keep, noGrad, type Random, scope, type Tensor, UsageError } from "../../tensor/index.ts";
import { buildLayer, type Layer, stepLayer } from "./layer.ts";
import { type LayerRates, layerRates } from "./layer-rates.ts";
import { type LiftOptions, lift, liftKernel } from "./lift.ts";
import { type DftNorm, Spectrum } from "./spectrum.ts";

/** ε of ReduNet: the authors' `eps` 0.1 is ε². */
export const REDUNET_PRECISION = Math.sqrt(0.1);

/** What a network is, apart from its weights. */
export interface ReduNetOptions {
  /** L, how many layers. */
  layers: number;
  classes: number;
  /** ε; √0.1 when left out. The authors' `eps` is ε². */
  precision?: number;
  /** η, the size of a step; 0.5 when left out. */
  step?: number;
  /** λ of the soft assignment; 500 when left out. */
  sharpness?: number;
  /** How spectra are scaled; "ortho", the authors', when left out. With "backward" the objective is the rate of all shifts. */
  dftNorm?: DftNorm;
}

export interface BuildOptions extends ReduNetOptions {
  /** Random convolution before the first layer, for sequences and images; its kernel is drawn from `random`. */
  lift?: LiftOptions;
  random?: Random;
  /** Called after each layer; the rates are only computed when asked for. */
  report?: (layer: number, rates: LayerRates) => void;
}

/** Numbers that all samples of a part have in all operators' products: 128 MiB of them. */
const VALUES = 2 ** 24;

type Settings = Required<ReduNetOptions>;

const withDefaults = (options: ReduNetOptions): Settings => {
  const { layers, classes, precision = REDUNET_PRECISION, step = 0.5, sharpness = 500 } = options;
  const settings = { layers, classes, precision, step, sharpness, dftNorm: options.dftNorm ?? "ortho" };
  for (const name of ["layers", "classes"] as const)
    if (!(Number.isInteger(settings[name]) && settings[name] > 0))
      throw new UsageError(`redunet: expected ${name} to be a whole number from 1 on, got ${settings[name]}`);
  for (const name of ["precision", "step", "sharpness"] as const)
    if (!(settings[name] > 0 && Number.isFinite(settings[name])))
      throw new UsageError(`redunet: expected ${name} > 0, got ${settings[name]}`);
  return settings;
};

/** A built network. It owns its tensors: `dispose()` frees them. */
export class ReduNet {
  readonly settings: Settings;

  constructor(
    options: ReduNetOptions,
    readonly spectrum: Spectrum,
    readonly layers: readonly Layer[],
    /** The random kernel before the first layer, if there is one: [out, in, k] or [out, in, k, k] */
    readonly kernel?: Tensor,
  ) {
    this.settings = withDefaults(options);
    for (const tensor of this.tensors()) keep(tensor);
  }

  /** Features of samples X [n, …] after the last layer, of the (lifted) samples' shape, each of norm 1. */
  transform(X: Tensor): Tensor {
    return this.run(X, (V) => this.spectrum.inverse(V));
  }

  /** Memberships that the last layer estimates: X [n, …] → [n, K], rows sum to 1. They ignore cyclic shifts of X. */
  memberships(X: Tensor): Tensor {
    return this.run(X, (_, memberships) => memberships);
  }

  /** The likeliest classes: X [n, …] → int64 [n]. */
  predict(X: Tensor): Tensor {
    return scope(() => this.memberships(X).argmax(1), "predict");
  }

  /** Samples do not see one another here: so many at a time that what a layer makes of them stays small. */
  private run(X: Tensor, read: (V: Tensor, memberships: Tensor) => Tensor): Tensor {
    const [P, sets, C] = this.layers[0]!.operators.shape as [number, number, number];
    const rows = Math.max(1, Math.floor(VALUES / (P * sets * C)));
    const n = X.size(0);
    return noGrad(() =>
      scope(() => {
        const parts: Tensor[] = [];
        for (let at = 0; at < n; at += rows)
          parts.push(scope(() => this.runSome(X.narrow(0, at, Math.min(rows, n - at)), read), "redunet"));
        return parts.length === 1 ? parts[0]! : cat(parts);
      }, "redunet"),
    );
  }

  private runSome(X: Tensor, read: (V: Tensor, memberships: Tensor) => Tensor): Tensor {
    const { settings, spectrum, layers } = this;
    let V = enter(X, spectrum, this.kernel);
    let memberships: Tensor | undefined;
    for (const layer of layers)
      ({ V, memberships } = scope(() => stepLayer(V, layer, spectrum, settings), "layer"));
    return read(V, memberships!);
  }

  /**
   * Moves every layer's E and C towards those of new samples: E ← E + τ (E* − E). As in the authors' code γ stays.
   *
   * @param X [n, …]
   * @param labels int64 [n]
   * @param rate τ, 0 to 1
   */
  update(X: Tensor, labels: Tensor, rate = 0.1): void {
    if (!(rate >= 0 && rate <= 1)) throw new UsageError(`update: expected 0 ≤ τ ≤ 1, got ${rate}`);
    noGrad(() =>
      scope(() => {
        const { settings, spectrum, layers } = this;
        const classes = segments(labels, settings.classes);
        let V = enter(X, spectrum, this.kernel);
        for (const [l, layer] of layers.entries()) {
          V = scope(() => {
            const fresh = buildLayer(V, classes, settings.precision ** 2, `redunet layer ${l}`);
            layer.operators.add_(fresh.operators.sub(layer.operators).mul(rate));
            return stepLayer(V, layer, spectrum, settings).V;
          }, "update layer");
        }
      }, "update"),
    );
  }

  private tensors(): Tensor[] {
    const kernel = this.kernel === undefined ? [] : [this.kernel];
    return [...kernel, ...this.layers.flatMap(({ operators, gamma }) => [operators, gamma])];
  }
  dispose(): void {
    for (const tensor of this.tensors()) tensor.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Samples to the features of the first layer. */
function enter(X: Tensor, spectrum: Spectrum, kernel: Tensor | undefined): Tensor {
  const Z = kernel === undefined ? X : lift(X, kernel);
  return spectrum.normalise(spectrum.forward(Z));
}

/** A network and what it made of the samples it was built from. */
export interface Built {
  net: ReduNet;
  /** Features of the samples after the last layer. */
  features: Tensor;
}

/**
 * Builds a network: for each layer E and C from the current features and the true labels, then the step with estimated
 * memberships, as at test time.
 *
 * @param X samples: vectors [n, d], sequences [n, C, T] or images [n, C, H, W]; scaled to norm 1 inside
 * @param labels int64 [n], 0 ≤ label < classes; a class without samples takes no part
 * @throws {UsageError} options out of range, labels that do not fit
 * @throws {NotFiniteError} naming the layer
 * @see Chan et al. 2022, training by forward construction
 * @example const { net } = buildReduNet(X, labels, { layers: 200, classes: 2 }); net.predict(test);
 */
export function buildReduNet(X: Tensor, labels: Tensor, options: BuildOptions): Built {
  const settings = withDefaults(options);
  if (labels.numel !== X.size(0) || labels.numel === 0)
    throw new UsageError(`redunet: expected a label for each of ${X.size(0)} samples, got ${labels.numel}`);
  const layers: Layer[] = [];
  return noGrad(() =>
    scope(() => {
      const kernel = kernelOf(X, options);
      const sample = X.shape.slice(1);
      if (kernel !== undefined) sample[0] = kernel.size(0);
      const spectrum = new Spectrum(sample, settings.dftNorm);
      const epsSq = settings.precision ** 2;
      const classes = segments(labels, settings.classes);
      let V = enter(X, spectrum, kernel);
      for (let l = 0; l < settings.layers; l++) {
        const where = `redunet layer ${l}`;
        const next = scope(() => {
          const layer = buildLayer(V, classes, epsSq, where);
          const after = stepLayer(V, layer, spectrum, settings);
          if (options.report !== undefined) {
            const predicted = after.memberships.argmax(1);
            const by = { predicted, labels, gamma: layer.gamma };
            options.report(l, layerRates(after.V, spectrum, epsSq, by, where));
          }
          return { layer, V: after.V };
        }, where);
        layers.push(next.layer);
        V.dispose();
        V = next.V;
      }
      return { net: new ReduNet(settings, spectrum, layers, kernel), features: spectrum.inverse(V) };
    }, "build redunet"),
  );
}

function kernelOf(X: Tensor, { lift, random }: BuildOptions): Tensor | undefined {
  if (lift === undefined) return undefined;
  if (X.dim < 3 || random === undefined)
    throw new UsageError(
      `redunet: lifting expects sequences or images and a random stream, got ${X.describe()}`,
    );
  return liftKernel(X.size(1), (X.dim - 2) as 1 | 2, lift, random);
}
