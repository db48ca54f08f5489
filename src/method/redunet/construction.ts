/** @file Building a ReduNet from data, layer by layer, without back-propagation. */

import { rowsOf } from "../../data/index.ts";
import { segments } from "../../rate/index.ts";
import {
  CheckpointError,
  type Group,
  keep,
  noGrad,
  type Random,
  scope,
  type Tensor,
  UsageError,
} from "../../tensor/index.ts";
import { buildLayer, type Layer, stepLayer } from "./layer.ts";
import { type LayerRates, layerRates } from "./layer-rates.ts";
import { type LiftOptions, liftKernel } from "./lift.ts";
import { enter, ReduNet, type ReduNetOptions, type Settings, withDefaults } from "./redunet.ts";
import { Spectrum } from "./spectrum.ts";

export interface ConstructionOptions extends ReduNetOptions {
  /** Random convolution before the first layer, for sequences and images; its kernel is drawn from `random`. */
  lift?: LiftOptions;
  random?: Random;
  /** Processes that share the samples: each is given all, and takes its rows through the layers. */
  across?: Group | undefined;
}

/**
 * A network while it is built: the layers so far, and the features that they make of the samples. Each layer is built
 * from those features and the true labels; then they take its step with estimated memberships, as at test time.
 * It owns its tensors: `dispose()` frees them.
 */
export class Construction {
  readonly layers: Layer[] = [];
  readonly settings: Settings;
  readonly spectrum: Spectrum;
  private readonly kernel: Tensor | undefined;
  /** Features after the first `passed` layers: [P, n, C] */
  private V: Tensor;
  private passed = 0;
  /** Labels of the samples that are here. */
  private readonly labels: Tensor;
  private readonly across: Group | undefined;

  /**
   * @param X samples: vectors [n, d], sequences [n, C, T] or images [n, C, H, W]; scaled to norm 1 inside
   * @param labels int64 [n], 0 ≤ label < classes; a class without samples takes no part. Both belong to the caller.
   * @throws {UsageError} options out of range, labels that do not fit
   */
  constructor(X: Tensor, labels: Tensor, options: ConstructionOptions) {
    this.settings = withDefaults(options);
    if (labels.numel !== X.size(0) || labels.numel === 0)
      throw new UsageError(`redunet: expected a label for each of ${X.size(0)} samples, got ${labels.numel}`);
    const { across } = options;
    const rows = rowsOf(across ?? { rank: 0, size: 1 }, labels.numel);
    if (rows.length === 0)
      throw new UsageError(
        `redunet: expected a sample for each of ${across?.size} processes, got ${labels.numel}`,
      );
    const own = (x: Tensor) => x.narrow(0, rows[0]!, rows.length);
    const { spectrum, kernel, V, here } = noGrad(() =>
      scope(() => {
        segments(labels, this.settings.classes); // for its check of the range
        const kernel = kernelOf(X, options);
        const sample = X.shape.slice(1);
        if (kernel !== undefined) sample[0] = kernel.size(0);
        const spectrum = new Spectrum(sample, this.settings.dftNorm);
        const V = enter(own(X), spectrum, kernel);
        return { spectrum, kernel: kernel && keep(kernel), V: keep(V), here: keep(own(labels).clone()) };
      }, "begin redunet"),
    );
    this.spectrum = spectrum;
    this.kernel = kernel;
    this.V = V;
    this.labels = here;
    this.across = across;
  }

  /**
   * Builds the next layer.
   * @param measured whether the rates after it are computed
   * @throws {NotFiniteError} naming the layer
   */
  grow(measured = false): LayerRates | undefined {
    while (this.passed < this.layers.length) this.pass(this.layers[this.passed]!);
    const epsSq = this.settings.epsilon ** 2;
    const where = `redunet layer ${this.layers.length}`;
    const { labels, across } = this;
    const spread = across && { group: across, labels };
    const layer = noGrad(() =>
      scope(() => buildLayer(this.V, segments(labels, this.settings.classes), epsSq, where, spread), where),
    );
    for (const tensor of [layer.operators, layer.gamma]) keep(tensor);
    this.layers.push(layer);
    return noGrad(() =>
      scope(() => {
        const predicted = this.pass(layer).argmax(1);
        const by = { predicted, labels, gamma: layer.gamma };
        return measured ? layerRates(this.V, this.spectrum, epsSq, by, where, across) : undefined;
      }, where),
    );
  }

  /** Takes the features through a layer; the memberships that it estimates: [n, K] */
  private pass(layer: Layer): Tensor {
    const { V, memberships } = noGrad(() => stepLayer(this.V, layer, this.spectrum, this.settings));
    this.V.dispose();
    this.V = keep(V);
    this.passed++;
    return memberships;
  }

  /**
   * Goes on from the layers of a network that was built from these samples, which are its own from then on.
   * @throws {CheckpointError} it is of samples of another shape; it is freed then
   */
  take(net: ReduNet): void {
    const [own, given] = [this, net].map(({ spectrum: { channels, grid } }) =>
      [channels, ...grid].join(", "),
    );
    if (own !== given) {
      net.dispose();
      throw new CheckpointError(`the checkpoint's network is of samples [${given}], expected [${own}]`);
    }
    net.kernel?.dispose();
    this.layers.push(...net.layers);
  }

  /** The network so far. It shares its tensors with this, and only one of both frees them. */
  get net(): ReduNet {
    const settings = { ...this.settings, layers: this.layers.length };
    return new ReduNet(settings, this.spectrum, [...this.layers], this.kernel);
  }

  /** Features of the samples after the layers that were built here. */
  features(): Tensor {
    return noGrad(() => this.spectrum.inverse(this.V));
  }

  /** Frees the features alone: what is left is the network's. */
  forget(): void {
    this.V.dispose();
    this.labels.dispose();
  }

  dispose(): void {
    this.forget();
    this.kernel?.dispose();
    for (const { operators, gamma } of this.layers) for (const tensor of [operators, gamma]) tensor.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

function kernelOf(X: Tensor, { lift, random }: ConstructionOptions): Tensor | undefined {
  if (lift === undefined) return undefined;
  if (X.dim < 3 || random === undefined)
    throw new UsageError(
      `redunet: lifting expects sequences or images and a random stream, got ${X.describe()}`,
    );
  return liftKernel(X.size(1), (X.dim - 2) as 1 | 2, lift, random);
}

export interface BuildOptions extends ConstructionOptions {
  /** Called after each layer; the rates are only computed when asked for. */
  report?: (layer: number, rates: LayerRates) => void;
}

/** A network and what it made of the samples it was built from. */
export interface Built {
  net: ReduNet;
  /** Features of the samples after the last layer. */
  features: Tensor;
}

/**
 * Builds a network to its last layer.
 *
 * @param X samples: vectors [n, d], sequences [n, C, T] or images [n, C, H, W]; scaled to norm 1 inside
 * @param labels int64 [n], 0 ≤ label < classes; a class without samples takes no part
 * @throws {UsageError} options out of range, labels that do not fit
 * @throws {NotFiniteError} naming the layer
 * @see Chan et al. 2022, training by forward construction
 * @example const { net } = buildReduNet(X, labels, { layers: 200, classes: 2 }); net.predict(test);
 */
export function buildReduNet(X: Tensor, labels: Tensor, { report, ...options }: BuildOptions): Built {
  const construction = new Construction(X, labels, options);
  try {
    for (let l = 0; l < options.layers; l++) {
      const rates = construction.grow(report !== undefined);
      if (rates !== undefined) report?.(l, rates);
    }
    const built = { net: construction.net, features: construction.features() };
    construction.forget();
    return built;
  } catch (error) {
    construction.dispose();
    throw error;
  }
}
