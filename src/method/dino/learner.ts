/** @file Self-distillation as a learner: the student is trained to say of small crops what its teacher says of large ones. */

import type { BatchOptions, ImageSource } from "../../data/index.ts";
import { synchronise } from "../../nn/index.ts";
import { noGrad, type Random, type Tensor } from "../../tensor/index.ts";
import { descend } from "../../train/descend.ts";
import { Descent, type DescentOptions } from "../../train/descent.ts";
import { type EpochBatch, Epochs, given, imagesOf } from "../../train/epochs.ts";
import type { Learner, Logged, Milestone } from "../../train/learner.ts";
import { inPrecision, type Precision } from "../../train/precision.ts";
import { weights } from "../../train/stateful.ts";
import { logged } from "../../train/step.ts";
import { requireBatch } from "../requirements.ts";
import { boxesOf, type CropOptions, drawCrops } from "./crops.ts";
import { dinoLoss, nextCentre, type SimdinoOptions, simdinoLoss } from "./losses.ts";
import type { DinoPair } from "./pair.ts";
import { cosineBetween, risenCosine, straightTo } from "./schedules.ts";

export interface DinoLearnerOptions extends Pick<DescentOptions, "across" | "shardOptimizer"> {
  train: ImageSource;
  random: Random;
  crops: CropOptions;
  batch: Pick<BatchOptions, "batchSize" | "imageSize" | "device">;
  epochs: number;
  lr: number;
  /** Where the learning rate ends. */
  minLr: number;
  warmupEpochs: number;
  /** Muon's for the matrices between others. */
  optimizer?: "adamw" | "muon" | undefined;
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

/** Trains a pair that belongs to the caller. */
export class DinoLearner implements Learner<EpochBatch> {
  readonly steps: number;
  readonly perEpoch: number;
  readonly evalEvery: number;
  readonly parts;
  readonly evaluate: () => Promise<Milestone>;
  private readonly epochs: Epochs;
  /** Of what is decayed, of biases and norms, and of the prototypes where there are some. */
  private readonly descents: readonly Descent[];
  private readonly momentum: (t: number) => number;
  private readonly temperature: (epoch: number) => number;

  /** @throws {UsageError} fewer images than one batch, or a batch of one without prototypes */
  constructor(
    readonly pair: DinoPair,
    private readonly options: DinoLearnerOptions,
  ) {
    const { train, batch, random, crops, epochs, teacherMomentum, targets, across } = options;
    const alone = "the coding rate is that of the images of a batch together";
    requireBatch(train, batch.batchSize, pair.centre === undefined ? { least: alone } : {});
    this.epochs = new Epochs(train, {
      ...batch,
      random,
      views: boxesOf(crops),
      ...(across && { share: across }),
    });
    synchronise(pair.student, across);
    this.perEpoch = this.epochs.steps;
    this.steps = epochs * this.perEpoch;
    this.evalEvery = options.evalEvery * this.perEpoch;
    this.evaluate = options.evaluate;
    this.momentum = cosineBetween(teacherMomentum, 1, this.steps);
    const { from, to, epochs: over } = targets.teacherTemperature;
    this.temperature = straightTo(from, to, over);
    const [decayed, plain] = [this.descent(false, true), this.descent(false, false)];
    const prototypes = pair.centre === undefined ? undefined : this.descent(true, true);
    this.descents = [decayed, plain, ...(prototypes === undefined ? [] : [prototypes])];
    this.parts = { pair: weights(pair), decayed, plain, ...(prototypes && { prototypes }) };
  }

  private descent(prototypes: boolean, decayed: boolean): Descent {
    const { lr, minLr, warmupEpochs, optimizer = "adamw", weightDecay, clipGrad } = this.options;
    const { student } = this.pair;
    const isLast = (name: string) => name.startsWith("head.last_layer.");
    const own = [...student.namedParameters()].filter(
      ([name, { dim }]) => isLast(name) === prototypes && dim > 1 === decayed,
    );
    return new Descent(student, {
      ...{ parameters: new Map(own), optimizer: { name: optimizer }, clipGrad, clip: "each" },
      lr: risenCosine(lr, minLr, this.steps, warmupEpochs * this.perEpoch),
      decay: decayed ? cosineBetween(...weightDecay, this.steps) : undefined,
      ...{ across: this.options.across, shardOptimizer: this.options.shardOptimizer, losses: "whole" },
    });
  }

  batches(from: number): AsyncGenerator<EpochBatch> {
    return this.epochs.from(from);
  }

  size(batch: EpochBatch): number {
    return imagesOf(batch, this.options.across);
  }

  step(batch: EpochBatch, at: number): Logged {
    const { pair, options, descents } = this;
    const { precision, random, crops: how, targets } = options;
    const stream = random.at("crops").at(`step.${at}`).of(batch.rows);
    const crops = drawCrops(batch.images, how, stream, batch.views);
    const lowered = <T>(body: () => T): T => inPrecision(precision, batch.images.device, body);
    const teacher = noGrad(() => lowered(() => pair.teacher.outputs([crops[0]!])));
    const frozen = batch.epoch < targets.frozenEpochs;
    const loss = () => {
      const student = lowered(() => pair.student.outputs(crops));
      return this.loss(student, teacher, batch.epoch); // in float32
    };
    const step = descend(frozen ? descents.slice(0, 2) : descents, [loss], at, given(batch));
    pair.follow(this.momentum(at));
    if (pair.centre !== undefined)
      noGrad(() =>
        pair.centre!.copy_(
          nextCentre(pair.centre!, teacher.to("float32"), targets.centreMomentum, options.across),
        ),
      );
    return logged(step);
  }

  private loss(student: Tensor, teacher: Tensor, epoch: number): { loss: Tensor } & Record<string, Tensor> {
    const { targets, simdino, across } = this.options;
    const { centre } = this.pair;
    if (centre === undefined) return { ...simdinoLoss(student, teacher, { ...simdino, across }) };
    const temperatures = { student: targets.studentTemperature, teacher: this.temperature(epoch), across };
    return { ...dinoLoss(student, teacher, centre, temperatures) };
  }

  /** Frees the optimisers. */
  dispose(): void {
    for (const descent of this.descents) descent.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
