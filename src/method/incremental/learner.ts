/** @file Classes in groups, learned step by step with Adam, by a strategy against forgetting. */

import { type Batch, batchCount, batches, type ImageSet, imageSource, leavesOne } from "../../data/index.ts";
import { SYMMETRIC } from "../../evaluate/features.ts";
import { noGrad, type Random, scope, type Tensor } from "../../tensor/index.ts";
import { Descent, type DescentOptions } from "../../train/descent.ts";
import type { Learner, Logged, Milestone } from "../../train/learner.ts";
import { above, below, type Stateful, weights } from "../../train/stateful.ts";
import { logged } from "../../train/step.ts";
import { symmetricEpochs } from "../ctrl/learner.ts";
import { IncrementalClassifier } from "../ictrl/comparators/classifier.ts";
import type { Strategy, TaskView } from "../ictrl/comparators/strategy.ts";
import { addAccuracies, ofClasses, type Progression, splitClasses } from "../ictrl/tasks.ts";
import { type GroupState, milestoneOf } from "./groups.ts";

export interface IncrementalOptions extends Pick<DescentOptions, "precision" | "clipGrad"> {
  train: ImageSet;
  test: ImageSet;
  random: Random;
  tasks: number;
  epochs: number;
  batchSize: number;
  lr: number;
  imageSize: number;
  features?: number;
  width?: number;
  device?: string;
}

/** A stretch of steps on one task's images. */
interface Stretch {
  start: number;
  perEpoch: number;
  steps: number;
  images: ImageSet;
}

/** Images that are classified at once. */
const AT_ONCE = 500;

/** Learns task after task, and tests after each on all classes seen. It owns the model and the strategy. */
export class IncrementalLearner implements Learner<Batch> {
  readonly steps: number;
  readonly milestones: readonly number[];
  readonly parts: Readonly<Record<string, Stateful>>;
  readonly model: IncrementalClassifier;
  readonly progression: Progression = { matrix: [], seen: [] };
  private readonly tasks: readonly (readonly number[])[];
  private readonly stretches: readonly Stretch[];
  private readonly descent: Descent;

  /** @throws {UsageError} tasks that do not divide the classes, a task without images */
  constructor(
    private readonly strategy: Strategy,
    private readonly options: IncrementalOptions,
  ) {
    const { train, epochs, batchSize, features, width, random, device = "cpu" } = options;
    this.tasks = splitClasses(train.classes.length, options.tasks);
    let start = 0;
    this.stretches = this.tasks.map((classes) => {
      const images = ofClasses(train, classes);
      const perEpoch = batchCount(images.count, batchSize, leavesOne(images.count, batchSize));
      const stretch = { start, perEpoch, steps: epochs * perEpoch, images };
      start += stretch.steps;
      return stretch;
    });
    this.steps = start;
    const sizes = { channels: train.channels, classes: train.classes.length };
    const net = { ...sizes, ...(features && { features }), ...(width && { width }) };
    this.model = scope(() => new IncrementalClassifier(net, random.at("model"))).to(device);
    this.milestones = this.stretches.map(({ start, steps }) => start + steps);
    const { lr, precision, clipGrad } = options;
    const optimizer = { name: "adam" };
    this.descent = new Descent(this.model, { optimizer, lr: () => lr, precision, clipGrad });
    this.parts = {
      ...{ model: weights(this.model), descent: this.descent },
      strategy: {
        saved: () => ({ optimizer: above(strategy.stateDict?.() ?? new Map(), "strategy.") }),
        restore: ({ optimizer }) => strategy.load?.(below(optimizer, "strategy."), this.model),
      },
      groups: {
        saved: () => ({ state: this.state }),
        restore: ({ state }) => void Object.assign(this.progression, (state as GroupState).progression),
      },
    };
  }

  /** What is learned from, stretch after stretch. */
  get sets(): { name: string; count: number; batchSize: number }[] {
    const { batchSize } = this.options;
    return this.stretches.map(({ images: { name, count } }, task) => ({
      name: `${name}, group ${task + 1}`,
      count,
      batchSize,
    }));
  }

  private taskAt(step: number): number {
    return this.stretches.findLastIndex(({ start }) => start <= step);
  }

  private view(task: number, step: number): TaskView {
    const { tasks, stretches, model, options } = this;
    const fresh = tasks[task]!;
    const old = tasks.slice(0, task).flat().length;
    const replayed = Math.max(step - stretches[0]!.steps, 0);
    return {
      model,
      fresh,
      old,
      seen: old + fresh.length,
      random: options.random.at(`task.${task}`),
      replayed,
    };
  }

  private get images() {
    const { train, imageSize, device = "cpu" } = this.options;
    return { imageSize, device, normalise: SYMMETRIC(train.channels) };
  }

  async *batches(from: number): AsyncGenerator<Batch> {
    const { random, batchSize, imageSize, device } = this.options;
    for (let step = from; step < this.steps; ) {
      const task = this.taskAt(step);
      const { start, steps, images } = this.stretches[task]!;
      const order = { batchSize, imageSize, device, random: random.at(`task.${task}`) };
      for await (const batch of symmetricEpochs(imageSource(images), order).from(step - start)) {
        yield batch;
        if (++step === start + steps) break;
      }
    }
  }

  size(batch: Batch): number {
    return batch.indices.length;
  }

  step({ images, labels }: Batch, at: number): Logged {
    const { strategy, descent } = this;
    const task = this.taskAt(at);
    const view = this.view(task, at);
    const given = { inputs: [images] };
    const slopes = descent.slopes(() => strategy.loss(view, images, labels), at, given);
    const step = descent.move(strategy.changed?.(view, slopes) ?? slopes, at, given);
    return { ...logged(step), task };
  }

  /** The end of a task: what the strategy keeps of it, accuracies on what was seen, the strategy's start of the next. */
  async evaluate(done: number): Promise<Milestone> {
    const { strategy, model, tasks } = this;
    const task = this.taskAt(done - 1);
    const view = this.view(task, done);
    model.eval();
    const learned = this.stretches[task]!.images;
    for await (const { images, labels } of batches(learned, { batchSize: learned.count, ...this.images }))
      scope(() => noGrad(() => strategy.end?.(view, images, labels)), "end of a task");
    await this.measure(view, tasks.slice(0, task + 1));
    model.train();
    if (task + 1 < tasks.length) strategy.begin?.(this.view(task + 1, done));
    return milestoneOf(this.state);
  }

  private async measure(view: TaskView, known: readonly (readonly number[])[]): Promise<void> {
    const { strategy, model, options, progression } = this;
    const held = ofClasses(options.test, known.flat());
    const largest = (images: Tensor) => model.apply(images).narrow(1, 0, view.seen).argmax(-1);
    const predicted: number[] = [];
    for await (const { images } of batches(held, { batchSize: AT_ONCE, ...this.images })) {
      await new Promise(setImmediate); // signals are heard here
      const found = () => strategy.predict?.(view, images) ?? largest(images);
      for (const label of scope(() => noGrad(() => found().numbers()), "test")) predicted.push(label);
    }
    addAccuracies(progression, known, predicted, held.labels);
  }

  /** What is known so far. */
  get state(): GroupState {
    return { progression: this.progression, bytes: this.strategy.bytes };
  }

  /** Frees the model, its optimiser and what the strategy keeps. */
  dispose(): void {
    this.strategy.dispose();
    this.descent.dispose();
    this.model.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
