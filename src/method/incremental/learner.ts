/** @file Classes in groups, learned step by step with Adam, by a strategy against forgetting. */

import { type Batch, batchCount, batches, type ImageSet, leavesOne } from "../../data/index.ts";
import { SYMMETRIC } from "../../evaluate/features.ts";
import { gradients, NotFiniteError, noGrad, type Random, scope, type Tensor } from "../../tensor/index.ts";
import type { LoadedCheckpoint } from "../../train/index.ts";
import type { Learner, Milestone, Numbers } from "../../train/learner.ts";
import { createOptimizer, type Optimizer } from "../../train/optimizer.ts";
import { below } from "../ctrl/players.ts";
import { IncrementalClassifier } from "../ictrl/comparators/classifier.ts";
import { named, type Strategy, type TaskView } from "../ictrl/comparators/strategy.ts";
import { addAccuracies, ofClasses, type Progression, splitClasses } from "../ictrl/tasks.ts";
import { type GroupState, milestoneOf } from "./groups.ts";

export interface IncrementalOptions {
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
  readonly model: IncrementalClassifier;
  readonly progression: Progression = { matrix: [], seen: [] };
  private readonly tasks: readonly (readonly number[])[];
  private readonly stretches: readonly Stretch[];
  private readonly optimizer: Optimizer;

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
    this.optimizer = createOptimizer("adam", this.model.namedParameters(), {});
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
    const { random, batchSize } = this.options;
    for (let step = from; step < this.steps; ) {
      const task = this.taskAt(step);
      const { start, perEpoch, images } = this.stretches[task]!;
      const [epoch, first] = [Math.floor((step - start) / perEpoch), (step - start) % perEpoch];
      const order = {
        random: random.at(`task.${task}`),
        shuffle: true,
        epoch,
        start: first,
        dropLast: leavesOne(images.count, batchSize),
      };
      yield* batches(images, { batchSize, ...this.images, ...order });
      step += perEpoch - first;
    }
  }

  size(batch: Batch): number {
    return batch.indices.length;
  }

  step({ images, labels }: Batch, at: number): Numbers {
    const { strategy, model, options } = this;
    const task = this.taskAt(at);
    const view = this.view(task, at);
    const loss = strategy.loss(view, images, labels);
    const value = loss.item();
    if (!Number.isFinite(value))
      throw new NotFiniteError(`the loss is ${value} at step ${at + 1}; lower the learning rate`);
    const parameters = model.parameters();
    const slopes = strategy.gradientsOf?.(view, loss, parameters) ?? gradients(loss, parameters);
    this.optimizer.step(slopes, options.lr);
    return { "train/loss": value, lr: options.lr, task };
  }

  due(done: number): boolean {
    const { start, steps } = this.stretches[this.taskAt(done - 1)]!;
    return done === start + steps;
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

  snapshot() {
    const { model, optimizer, strategy, state } = this;
    const kept = named("strategy.", strategy.stateDict?.());
    return {
      model: model.stateDict(),
      optimizer: new Map([...optimizer.stateDict(), ...kept]),
      state: { ...state, steps: optimizer.steps },
    };
  }

  restore({ model, optimizer, state }: Pick<LoadedCheckpoint, "model" | "optimizer" | "state">): void {
    const saved = state as GroupState & { steps: number };
    this.model.load(model);
    this.optimizer.load(optimizer, saved.steps);
    this.strategy.load?.(below(optimizer, "strategy."), this.model);
    Object.assign(this.progression, saved.progression);
  }

  /** Frees the model, its optimiser and what the strategy keeps. */
  dispose(): void {
    this.strategy.dispose();
    this.optimizer.dispose();
    this.model.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
