/** @file SGD, LARS, Adam, AdamW and Lion over all parameters at once. */

import {
  CheckpointError,
  hint,
  keep,
  noGrad,
  ones,
  scope,
  type Tensor,
  UsageError,
} from "../tensor/index.ts";
import { TensorList, zerosLike } from "./foreach.ts";

export interface OptimizerOptions {
  /** Decoupled for AdamW and Lion (p ← p (1 − lr · wd)); added to the gradient for Adam, SGD and LARS. */
  weightDecay?: number | undefined;
  /** What AdamW and Lion decay, by name; every parameter unless given. */
  decays?: ((name: string, parameter: Tensor) => boolean) | undefined;
  /** What a parameter's learning rate is multiplied by, by name; 1 unless given. */
  scales?: ((name: string) => number) | undefined;
  /** Averaging factors of Adam, AdamW (0.9, 0.999) and Lion (0.9, 0.99). */
  betas?: readonly [number, number] | undefined;
  /** Of SGD and LARS; 0 is plain gradient descent. */
  momentum?: number | undefined;
  /** Of LARS: a weight moves by at most this share of its norm, per learning rate; 0.02 unless given. */
  trust?: number | undefined;
  /** Added to Adam's denominator. */
  epsilon?: number | undefined;
}

/** What an update may use: the parameters, their gradients, the moments by name, the step counted from 1. */
interface Update {
  parameters: TensorList;
  /** Those that decay by themselves, without the gradient. */
  decayed: TensorList;
  gradients: TensorList;
  moments: Record<string, TensorList>;
  step: number;
  lr: number;
}

interface Rule {
  moments: readonly string[];
  update(input: Update): void;
}

type RuleMaker = (options: {
  weightDecay: number;
  momentum: number;
  trust: number;
  epsilon: number;
  betas: readonly [number, number] | undefined;
}) => Rule;

/**
 * m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  p ← p − lr · m̂ / (√v̂ + ε),   m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ)
 * @see Kingma and Ba 2015
 */
function adamStep(
  { parameters, gradients, moments, step, lr }: Update,
  [b1, b2]: readonly [number, number],
  epsilon: number,
): void {
  const { exp_avg: m, exp_avg_sq: v } = moments as { exp_avg: TensorList; exp_avg_sq: TensorList };
  m.mul_(b1).add_(gradients, 1 - b1);
  v.mul_(b2).addProduct_(gradients, gradients, 1 - b2);
  const denominator = v
    .sqrt()
    .mul_(1 / Math.sqrt(1 - b2 ** step))
    .add_(epsilon);
  parameters.addQuotient_(m, denominator, -lr / (1 - b1 ** step));
}

/**
 * What each gradient is multiplied by, [tensors]: min(1, τ ‖p‖ / ((‖g‖ + wd ‖p‖) lr)); 1 for a weight that is zero, 0 for
 * a gradient that is.
 */
function trustRatios(p: TensorList, g: TensorList, trust: number, weightDecay: number, lr: number): Tensor {
  const [sizes, slopes] = [p.norms(), g.norms()];
  const ratios = sizes.mul(trust / lr).div(slopes.add(sizes.mul(weightDecay)).add(1e-8));
  const one = ones([], { dtype: ratios.dtype, device: ratios.device });
  return ratios.clamp(null, 1).where(sizes.gt(0), one).mul(slopes.gt(0));
}

const RULES: Record<string, RuleMaker> = {
  /** g ← g + wd · p;  m ← μm + g;  p ← p − lr · m */
  sgd: ({ weightDecay, momentum }) => ({
    moments: momentum > 0 ? ["momentum_buffer"] : [],
    update({ parameters, gradients, moments, lr }) {
      const decayed = weightDecay > 0 ? gradients.add(parameters, weightDecay) : gradients;
      const direction = moments.momentum_buffer?.mul_(momentum).add_(decayed) ?? decayed;
      parameters.add_(direction, -lr);
    },
  }),
  /**
   * SGD whose steps are in proportion to the weights: g ← (g + wd · p) · min(1, τ ‖p‖ / ((‖g‖ + wd ‖p‖) lr)) for every
   * tensor of two dimensions or more. Biases and norms are neither decayed nor scaled.
   * @see You et al. 2017, layer-wise rates, clipped at the learning rate
   */
  lars: ({ weightDecay, momentum, trust }) => ({
    moments: ["momentum_buffer"],
    update({ parameters, gradients, moments, lr }) {
      const weights = parameters.tensors.flatMap((parameter, i) => (parameter.dim > 1 ? [i] : []));
      const direction = [...gradients.tensors];
      if (weights.length > 0) {
        const [p, g] = [parameters, gradients].map(
          (list) => new TensorList(weights.map((i) => list.tensors[i]!)),
        ) as [TensorList, TensorList];
        const ratios = trustRatios(p, g, trust, weightDecay, lr);
        const scaled = g.add(p, weightDecay).mulEach(ratios.unbind(0));
        weights.forEach((i, at) => {
          direction[i] = scaled.tensors[at]!;
        });
      }
      const moment = moments.momentum_buffer!.mul_(momentum).add_(new TensorList(direction));
      parameters.add_(moment, -lr);
    },
  }),
  /** Adam with L2 regularisation: g ← g + wd · p first. */
  adam: ({ weightDecay, betas = [0.9, 0.999], epsilon }) => ({
    moments: ["exp_avg", "exp_avg_sq"],
    update(input) {
      const { gradients, parameters } = input;
      const decayed = weightDecay > 0 ? gradients.add(parameters, weightDecay) : gradients;
      adamStep({ ...input, gradients: decayed }, betas, epsilon);
    },
  }),
  /** Adam after p ← p (1 − lr · wd). @see Loshchilov and Hutter 2019 */
  adamw: ({ weightDecay, betas = [0.9, 0.999], epsilon }) => ({
    moments: ["exp_avg", "exp_avg_sq"],
    update(input) {
      if (weightDecay > 0) input.decayed.mul_(1 - input.lr * weightDecay);
      adamStep(input, betas, epsilon);
    },
  }),
  /** p ← p (1 − lr · wd) − lr · sign(β₁m + (1−β₁)g);  m ← β₂m + (1−β₂)g. @see Chen et al. 2023 */
  lion: ({ weightDecay, betas: [b1, b2] = [0.9, 0.99] }) => ({
    moments: ["exp_avg"],
    update({ parameters, decayed, gradients, moments, lr }) {
      const m = moments.exp_avg!;
      if (weightDecay > 0) decayed.mul_(1 - lr * weightDecay);
      const mixed = m.mul(b1).add_(gradients, 1 - b1);
      parameters.add_(mixed.sign(), -lr);
      m.mul_(b2).add_(gradients, 1 - b2);
    },
  }),
};

/** Parameters with one learning rate. */
interface Group {
  scale: number;
  /** Places among all. */
  places: number[];
  parameters: TensorList;
  decayed: TensorList;
  moments: Record<string, TensorList>;
}

/** An optimiser over named parameters, with moments that are saved under `moment.parameter`. */
export class Optimizer {
  private readonly groups: Group[] = [];
  private readonly names: string[];
  /** Updates done so far. */
  steps = 0;

  constructor(
    private readonly rule: Rule,
    named: ReadonlyMap<string, Tensor>,
    { decays = () => true, scales = () => 1 }: Pick<OptimizerOptions, "decays" | "scales"> = {},
  ) {
    this.names = [...named.keys()];
    const all = [...named.values()];
    for (const scale of new Set(this.names.map(scales))) {
      const places = [...all.keys()].filter((i) => scales(this.names[i]!) === scale);
      const parameters = new TensorList(places.map((i) => all[i]!));
      const decayed = places.filter((i) => decays(this.names[i]!, all[i]!)).map((i) => all[i]!);
      const zeros = () => noGrad(() => new TensorList(zerosLike(parameters).tensors.map(keep)));
      const moments = Object.fromEntries(rule.moments.map((name) => [name, zeros()]));
      this.groups.push({ scale, places, parameters, decayed: new TensorList(decayed), moments });
    }
  }

  /** One update in place. @param gradients one per parameter, in the same order */
  step(gradients: readonly Tensor[], lr: number): void {
    const step = this.steps + 1;
    const update = () => {
      for (const { scale, places, ...group } of this.groups) {
        const own = new TensorList(places.map((i) => gradients[i]!));
        this.rule.update({ ...group, gradients: own, step, lr: lr * scale });
      }
    };
    noGrad(() => scope(update, "optimizer step"));
    this.steps = step;
  }

  /** The moments by name; they belong to the optimiser. */
  stateDict(): Map<string, Tensor> {
    const all = new Map<string, Tensor>();
    for (const { places, moments } of this.groups)
      for (const [moment, list] of Object.entries(moments))
        places.forEach((place, i) => {
          all.set(`${moment}.${this.names[place]}`, list.tensors[i]!);
        });
    return all;
  }

  /** Copies saved moments in. @throws {CheckpointError} a moment is missing or of another shape */
  load(state: ReadonlyMap<string, Tensor>, steps: number): void {
    noGrad(() => {
      for (const [name, moment] of this.stateDict()) {
        const saved = state.get(name);
        if (saved === undefined)
          throw new CheckpointError(
            `the checkpoint has no "${name}": it was saved by another optimiser; resume with that one`,
          );
        if (saved.shape.join() !== moment.shape.join())
          throw new CheckpointError(
            `"${name}": the optimiser has ${moment.describe()}, the checkpoint ${saved.describe()}`,
          );
        moment.copy_(saved);
      }
    });
    this.steps = steps;
  }

  dispose(): void {
    for (const { moments } of this.groups) for (const list of Object.values(moments)) list.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** An optimiser by name: sgd, lars, adam, adamw, lion. @throws {UsageError} unknown name */
export function createOptimizer(
  name: string,
  parameters: ReadonlyMap<string, Tensor>,
  options: OptimizerOptions = {},
): Optimizer {
  const make = RULES[name];
  if (make === undefined)
    throw new UsageError(
      `optimizer: no "${name}"${hint(name, Object.keys(RULES))}; expected one of ${Object.keys(RULES).join(", ")}`,
    );
  const { weightDecay = 0, momentum = 0, trust = 0.02, epsilon = 1e-8, betas } = options;
  return new Optimizer(make({ weightDecay, momentum, trust, epsilon, betas }), parameters, options);
}
