/** @file Self-distillation as a learner: the student is trained to say of small crops what its teacher says of large ones. */

import { type Batch, type BatchOptions, batchCount, batches, type ImageSource } from "../../data/index.ts";
import { gradients, NotFiniteError, noGrad, type Random, type Tensor } from "../../tensor/index.ts";
import { TensorList } from "../../train/foreach.ts";
import type { LoadedCheckpoint } from "../../train/index.ts";
import { isDue, type Learner, type Milestone, type Numbers } from "../../train/learner.ts";
import { createOptimizer, type Optimizer } from "../../train/optimizer.ts";
import { inPrecision, type Precision } from "../../train/precision.ts";
import { requireBatch } from "../requirements.ts";
import { type CropOptions, drawCrops } from "./crops.ts";
import { dinoLoss, nextCentre, type SimdinoOptions, simdinoLoss } from "./losses.ts";
import type { DinoPair } from "./pair.ts";
import { cosineBetween, risenCosine, straightTo } from "./schedules.ts";

export interface DinoLearnerOptions {
  train: ImageSource;
  random: Random;
  crops: CropOptions;
  batch: Pick<BatchOptions, "batchSize" | "imageSize" | "device">;
  epochs: number;
  lr: number;
  /** Where the learning rate ends. */
  minLr: number;
  warmupEpochs: number;
  /** At the start and at the end, by half a cosine; biases and norms have none. */
  weightDecay: readonly [from: number, to: number];
  /** No gradient of a single parameter is longer; not clipped unless given. */
  clipGrad?: number | undefined;
  /** Of the teacher at the start; 1 at the end, by half a cosine. */
  teacherMomentum: number;
  precision: Precision;
  /** DINO's, where the pair has prototypes. */
  targets: {
    studentTemperature: number;
    /** Over `epochs` in a straight line. */
    teacherTemperature: { from: number; to: number; epochs: number };
    centreMomentum: number;
    /** Epochs in which the prototypes stay as they are. */
    frozenEpochs: number;
  };
  /** SimDINO's, where it has none. */
  simdino: SimdinoOptions;
  evalEvery: number;
  /** What is found out about the pair. */
  evaluate: () => Promise<Milestone>;
}

/** Parameters with one weight decay, and an AdamW that leaves the decay to us: it moves from step to step. */
interface Group {
  parameters: Tensor[];
  optimizer: Optimizer;
  decayed: boolean;
  prototypes: boolean;
}

/** Trains a pair that belongs to the caller. */
export class DinoLearner implements Learner<Batch> {
  readonly steps: number;
  private readonly perEpoch: number;
  private readonly groups: Group[];
  private readonly lr: (t: number) => number;
  private readonly decay: (t: number) => number;
  private readonly momentum: (t: number) => number;
  private readonly temperature: (epoch: number) => number;

  /** @throws {UsageError} fewer images than one batch, or a batch of one without prototypes */
  constructor(
    readonly pair: DinoPair,
    private readonly options: DinoLearnerOptions,
  ) {
    const { train, batch, epochs, lr, minLr, warmupEpochs, weightDecay, teacherMomentum, targets } = options;
    const alone = "the coding rate is that of the images of a batch together";
    requireBatch(train, batch.batchSize, pair.centre === undefined ? { least: alone } : {});
    this.perEpoch = batchCount(train.count, batch.batchSize, true);
    this.steps = epochs * this.perEpoch;
    this.lr = risenCosine(lr, minLr, this.steps, warmupEpochs * this.perEpoch);
    this.decay = cosineBetween(...weightDecay, this.steps);
    this.momentum = cosineBetween(teacherMomentum, 1, this.steps);
    const { from, to, epochs: over } = targets.teacherTemperature;
    this.temperature = straightTo(from, to, over);
    const all = [...pair.student.namedParameters()];
    const isLast = (name: string) => name.startsWith("head.last_layer.");
    const group = (prototypes: boolean, decayed: boolean): Group => {
      const own = all.filter(([name, { dim }]) => isLast(name) === prototypes && dim > 1 === decayed);
      const parameters = own.map(([, parameter]) => parameter);
      return { parameters, optimizer: createOptimizer("adamw", new Map(own)), decayed, prototypes };
    };
    this.groups = [group(false, true), group(false, false)];
    if (pair.centre !== undefined) this.groups.push(group(true, true));
  }

  /** Epoch after epoch in a new order each, without what is left over at its end. */
  async *batches(from: number): AsyncGenerator<Batch> {
    const { train, batch, random } = this.options;
    for (let epoch = Math.floor(from / this.perEpoch); ; epoch++) {
      const start = Math.max(from - epoch * this.perEpoch, 0);
      yield* batches(train, { ...batch, random, shuffle: true, epoch, start, dropLast: true });
    }
  }

  size(batch: Batch): number {
    return batch.indices.length;
  }

  step({ images }: Batch, at: number): Numbers {
    const { pair, options } = this;
    const { precision, random, crops: how, targets, batch } = options;
    const device = batch.device ?? "cpu";
    const crops = drawCrops(images, how, random.at("crops").at(`step.${at}`));
    const teacher = noGrad(() => inPrecision(precision, device, () => pair.teacher.outputs([crops[0]!])));
    const student = inPrecision(precision, device, () => pair.student.outputs(crops));
    const { loss, ...found } = this.loss(student, teacher, at);
    const value = loss.item();
    if (!Number.isFinite(value))
      throw new NotFiniteError(
        `the loss is ${value} at step ${at + 1}; lower the learning rate or the teacher's temperature, or clip gradients`,
      );
    this.update(loss, at);
    pair.follow(this.momentum(at));
    if (pair.centre !== undefined)
      noGrad(() =>
        pair.centre!.copy_(nextCentre(pair.centre!, teacher.to("float32"), targets.centreMomentum)),
      );
    const numbers = Object.entries(found).map(([name, tensor]) => [`train/${name}`, tensor.item()]);
    return { "train/loss": value, ...Object.fromEntries(numbers), lr: this.lr(at) };
  }

  private loss(student: Tensor, teacher: Tensor, at: number): { loss: Tensor } & Record<string, Tensor> {
    const { targets, simdino } = this.options;
    const { centre } = this.pair;
    if (centre === undefined) return { ...simdinoLoss(student, teacher, simdino) };
    const temperatures = { student: targets.studentTemperature, teacher: this.temperature(this.epochOf(at)) };
    return { ...dinoLoss(student, teacher, centre, temperatures) };
  }

  private epochOf(step: number): number {
    return Math.floor(step / this.perEpoch);
  }

  private update(loss: Tensor, at: number): void {
    const { clipGrad, targets } = this.options;
    const frozen = this.epochOf(at) < targets.frozenEpochs;
    const moving = this.groups.filter(({ prototypes }) => !(prototypes && frozen));
    const all = moving.flatMap(({ parameters }) => parameters);
    const slopes = clipped(gradients(loss, all), clipGrad);
    const [lr, decay] = [this.lr(at), this.decay(at)];
    let taken = 0;
    for (const { parameters, optimizer, decayed } of moving) {
      if (decayed) noGrad(() => new TensorList(parameters).mul_(1 - lr * decay));
      optimizer.step(slopes.slice(taken, taken + parameters.length), lr);
      taken += parameters.length;
    }
  }

  due(done: number): boolean {
    return isDue(done, this.steps, this.options.evalEvery * this.perEpoch);
  }

  async evaluate(done: number): Promise<Milestone> {
    const { evaluate, epochs } = this.options;
    const { text, ...found } = await evaluate();
    return { ...found, text: `epoch ${done / this.perEpoch}/${epochs}  ${text}` };
  }

  snapshot() {
    const optimizer = new Map(this.groups.flatMap((group) => [...group.optimizer.stateDict()]));
    const updates = this.groups.map((group) => group.optimizer.steps);
    return { model: this.pair.stateDict(), optimizer, state: { updates } };
  }

  restore({ model, optimizer, state }: Pick<LoadedCheckpoint, "model" | "optimizer" | "state">): void {
    this.pair.load(model);
    const { updates } = state as { updates: readonly number[] };
    for (const [i, group] of this.groups.entries()) group.optimizer.load(optimizer, updates[i]!);
  }

  /** Frees the optimisers. */
  dispose(): void {
    for (const { optimizer } of this.groups) optimizer.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Each gradient alone is shortened to `most`. */
function clipped(slopes: readonly Tensor[], most: number | undefined): readonly Tensor[] {
  if (most === undefined) return slopes;
  return noGrad(() => {
    const list = new TensorList(slopes);
    const factors = list.norms().add(1e-6).reciprocal().mul(most).clamp(null, 1);
    return list.mulEach(factors.unbind(0)).tensors;
  });
}
