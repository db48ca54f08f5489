/** @file An optimiser over named parameters: its groups, moments and state. */

import {
  CheckpointError,
  full,
  hint,
  keep,
  noGrad,
  scope,
  type Tensor,
  UsageError,
} from "../tensor/index.ts";
import { TensorList, zerosLike } from "./foreach.ts";
import { RULES } from "./optimizer-rules.ts";
import type { Clock, Rule } from "./rule.ts";

export interface OptimizerOptions {
  /** Decoupled for AdamW, Lion and Muon (p ← p (1 − lr · wd)); added to the gradient for Adam, SGD and LARS. */
  weightDecay?: number | undefined;
  /** What decays, by name; every parameter unless given. */
  decays?: ((name: string, parameter: Tensor) => boolean) | undefined;
  /** What a parameter's learning rate is multiplied by, by name; 1 unless given. */
  scales?: ((name: string) => number) | undefined;
  /** Averaging factors of Adam, AdamW (0.9, 0.999) and Lion (0.9, 0.99). */
  betas?: readonly [number, number] | undefined;
  /** Of SGD and LARS, 0 unless given: plain gradient descent; of Muon, 0.95 unless given. */
  momentum?: number | undefined;
  /** Of LARS: a weight moves by at most this share of its norm, per learning rate; 0.02 unless given. */
  trust?: number | undefined;
  /** Added to Adam's denominator. */
  epsilon?: number | undefined;
  /** Whether fused operators read step and rate from tensors, as they do on a GPU unless given. */
  onDevice?: boolean | undefined;
}

/** Parameters with one rule, one learning rate and one weight decay. */
interface Group {
  rule: Rule;
  scale: number;
  weightDecay: number;
  /** Places among all. */
  places: number[];
  parameters: TensorList;
  moments: Record<string, TensorList>;
  clock: Clock | undefined;
}

/** Step and rate, still zero, beside the first parameter. */
function clockAt({ tensors: [first] }: TensorList): Clock {
  const zero = () => keep(full([], 0, { device: first!.device }));
  return { step: zero(), lr: zero() };
}

/** An optimiser over named parameters, with moments that are saved under `moment.parameter`. */
export class Optimizer {
  private readonly groups: Group[] = [];
  private readonly names: string[];
  /** Updates done so far. */
  steps = 0;
  /** Of the update that has begun. */
  private lr = 0;

  constructor(
    ruleOf: (name: string, parameter: Tensor) => Rule,
    named: ReadonlyMap<string, Tensor>,
    { weightDecay = 0, decays = () => true, scales = () => 1, onDevice }: OptimizerOptions,
  ) {
    this.names = [...named.keys()];
    const all = [...named.values()];
    const kinds: Pick<Group, "rule" | "scale" | "weightDecay" | "places">[] = [];
    for (const [place, name] of this.names.entries()) {
      const [rule, scale] = [ruleOf(name, all[place]!), scales(name)];
      const own = decays(name, all[place]!) ? weightDecay : 0;
      const kind = kinds.find((one) => one.rule === rule && one.scale === scale && one.weightDecay === own);
      if (kind === undefined) kinds.push({ rule, scale, weightDecay: own, places: [place] });
      else kind.places.push(place);
    }
    for (const kind of kinds) {
      const parameters = new TensorList(kind.places.map((i) => all[i]!));
      const zeros = () => noGrad(() => new TensorList(zerosLike(parameters).tensors.map(keep)));
      const moments = Object.fromEntries(kind.rule.moments.map((name) => [name, zeros()]));
      const reads = kind.rule.fused && (onDevice ?? parameters.tensors[0]!.device.startsWith("cuda"));
      this.groups.push({ ...kind, parameters, moments, clock: reads ? clockAt(parameters) : undefined });
    }
  }

  /**
   * One update in place.
   * @param gradients one per parameter, in the same order
   * @param how `weightDecay` in place of the one it was made with; `skip`, [] float32: nothing moves where it is 1
   */
  step(
    gradients: readonly Tensor[],
    lr: number,
    how: { weightDecay?: number | undefined; skip?: Tensor | undefined } = {},
  ): void {
    this.begin(lr);
    this.update(gradients, how);
  }

  /** Counts an update, and puts its step and rate where the operators read them. */
  begin(lr: number): void {
    this.steps++;
    this.lr = lr;
    const put = () => {
      for (const { clock, scale } of this.groups) {
        clock?.step.fill_(this.steps);
        clock?.lr.fill_(lr * scale);
      }
    };
    noGrad(() => scope(put, "optimizer clock"));
  }

  /** The update that has begun, as `step` does it. A CUDA graph can hold it where `isFixed`. */
  update(
    gradients: readonly Tensor[],
    { weightDecay, skip }: { weightDecay?: number | undefined; skip?: Tensor | undefined } = {},
  ): void {
    const { steps: step, lr } = this;
    const update = () => {
      for (const { rule, scale, places, ...group } of this.groups) {
        const own = new TensorList(places.map((i) => gradients[i]!));
        const input = { ...group, gradients: own, step, lr: lr * scale };
        if (weightDecay !== undefined) input.weightDecay = weightDecay;
        const plain = rule.fused && own.contiguous(); // a gradient may be a transposed or an expanded view
        if (plain?.isContiguous && group.parameters.isContiguous)
          rule.fused!({ ...input, gradients: plain }, skip);
        else if (skip?.item() !== 1) rule.update(input); // only a fused operator reads the flag where it is
      }
    };
    noGrad(() => scope(update, "optimizer step"));
  }

  /** Whether all that changes from update to update is read from tensors. */
  get isFixed(): boolean {
    return this.groups.every(({ clock, parameters }) => clock !== undefined && parameters.isContiguous);
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
    for (const { moments, clock } of this.groups)
      for (const each of [...Object.values(moments), ...Object.values(clock ?? {})]) each.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Muon's are matrices between others: AdamW does embeddings, tokens, positions, heads, predictions, and all vectors. */
const isHidden = (name: string): boolean => !/embed|wte|wpe|token|pos|head|pred/i.test(name);

/** An optimiser by name: sgd, lars, adam, adamw, lion, muon. @throws {UsageError} unknown name */
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
  const { momentum, trust = 0.02, epsilon = 1e-8, betas } = options;
  const settings = { momentum, trust, epsilon, betas };
  const rule = make(settings);
  if (name !== "muon") return new Optimizer(() => rule, parameters, options);
  const rest = RULES.adamw!(settings);
  const ruleOf = (at: string, parameter: Tensor) => (parameter.dim === 2 && isHidden(at) ? rule : rest);
  return new Optimizer(ruleOf, parameters, options);
}
