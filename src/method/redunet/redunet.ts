/** @file ReduNet: a network of layers that were built from data, each one gradient step on the rate reduction. */

import { segments } from "../../rate/index.ts";
import { cat, keep, noGrad, scope, type Tensor, UsageError } from "../../tensor/index.ts";
import { buildLayer, type Layer, stepLayer } from "./layer.ts";
import { lift } from "./lift.ts";
import type { DftNorm, Spectrum } from "./spectrum.ts";

/** ε of ReduNet: the authors' `eps` 0.1 is ε². */
export const REDUNET_EPSILON = Math.sqrt(0.1);

/** What a network is, apart from its weights. */
export interface ReduNetOptions {
  /** L, how many layers. */
  layers: number;
  classes: number;
  /** ε; √0.1 when left out. The authors' `eps` is ε². */
  epsilon?: number;
  /** η, the size of a step; 0.5 when left out. */
  eta?: number;
  /** λ of the soft assignment; 500 when left out. */
  sharpness?: number;
  /** How spectra are scaled; "ortho", the authors', when left out. With "backward" the objective is the rate of all shifts. */
  dftNorm?: DftNorm;
}

/** Numbers that all samples of a part have in all operators' products: 128 MiB of them. */
const VALUES = 2 ** 24;

export type Settings = Required<ReduNetOptions>;

/** @throws {UsageError} options out of range */
export const withDefaults = (options: ReduNetOptions): Settings => {
  const { layers, classes, epsilon = REDUNET_EPSILON, eta = 0.5, sharpness = 500 } = options;
  const settings = { layers, classes, epsilon, eta, sharpness, dftNorm: options.dftNorm ?? "ortho" };
  for (const name of ["layers", "classes"] as const)
    if (!(Number.isInteger(settings[name]) && settings[name] > 0))
      throw new UsageError(`redunet: expected ${name} to be a whole number from 1 on, got ${settings[name]}`);
  for (const name of ["epsilon", "eta", "sharpness"] as const)
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
            const fresh = buildLayer(V, classes, settings.epsilon ** 2, `redunet layer ${l}`);
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
export function enter(X: Tensor, spectrum: Spectrum, kernel: Tensor | undefined): Tensor {
  const Z = kernel === undefined ? X : lift(X, kernel);
  return spectrum.normalise(spectrum.forward(Z));
}
