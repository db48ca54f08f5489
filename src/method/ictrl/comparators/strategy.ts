/** @file What a comparison does differently on each task, and the loop that is the same for all. */

import { type Batch, batchCount, batches, type ImageSet } from "../../../data/index.ts";
import { gradients, NotFiniteError, noGrad, type Random, scope, type Tensor } from "../../../tensor/index.ts";
import { createOptimizer } from "../../../train/optimizer.ts";
import { SYMMETRIC } from "../../features.ts";
import { crossEntropy } from "../../supervised/supervised.ts";
import { addAccuracies, ofClasses, type Progression, splitClasses } from "../tasks.ts";
import { IncrementalClassifier } from "./classifier.ts";

/** A task as a strategy sees it. Classes come in order, so the logits seen so far are the first `seen`. */
export interface TaskView {
  model: IncrementalClassifier;
  /** Classes of this task. */
  fresh: readonly number[];
  /** Classes up to and with this task, and those before it. */
  seen: number;
  old: number;
  random: Random;
}

/** One way of learning classes that come in groups. */
export interface Strategy {
  /** Before a task's first batch. */
  begin?(view: TaskView): void;
  /** Loss of a batch; `gradientsOf` may replace its gradient. */
  loss(view: TaskView, images: Tensor, labels: Tensor): Tensor;
  gradientsOf?(view: TaskView, loss: Tensor, parameters: readonly Tensor[]): Tensor[];
  /** After a task, with its images [n, c, H, W] as they are given to the net, and their labels. */
  end?(view: TaskView, images: Tensor, labels: Tensor): void;
  /** Labels int64 [b]; the largest logit of the classes seen unless given. */
  predict?(view: TaskView, images: Tensor): Tensor;
  /** What is carried from task to task besides the net. */
  readonly bytes: number;
  dispose(): void;
}

export interface ComparisonOptions {
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
  /** Ends after so many steps, with the group that is then being learned. */
  maxSteps?: number | undefined;
  /** Called after each step, with its loss. */
  onStep?: (step: number, loss: number) => void;
  /** Called when a task is learned and measured. */
  onTask?: (done: {
    task: number;
    steps: number;
    model: IncrementalClassifier;
    progression: Progression;
  }) => void;
}

/** How many steps a comparison takes. */
export function comparisonSteps({ train, tasks, epochs, batchSize }: ComparisonOptions): number {
  const groups = splitClasses(train.classes.length, tasks);
  return groups.reduce(
    (sum, group) => sum + epochs * batchCount(ofClasses(train, group).count, batchSize),
    0,
  );
}

/** Cross entropy over the classes seen so far. */
export const seenCrossEntropy = ({ model, seen }: TaskView, images: Tensor, labels: Tensor): Tensor =>
  crossEntropy(model.apply(images).narrow(1, 0, seen), labels);

/** Learns task after task by a strategy with Adam, and tests after each on all classes seen. */
export async function compareIncremental(
  strategy: Strategy,
  options: ComparisonOptions,
): Promise<Progression> {
  const { train, test, random, epochs, batchSize, lr, imageSize, features, width } = options;
  const tasks = splitClasses(train.classes.length, options.tasks);
  const sizes = { channels: train.channels, classes: train.classes.length };
  const net = { ...sizes, ...(features && { features }), ...(width && { width }) };
  const { device = "cpu", maxSteps = Number.POSITIVE_INFINITY, onStep, onTask } = options;
  using model = scope(() => new IncrementalClassifier(net, random.at("model"))).to(device);
  using optimizer = createOptimizer("adam", model.namedParameters(), {});
  const progression: Progression = { matrix: [], seen: [] };
  const given = { imageSize, device, normalise: SYMMETRIC(train.channels) };
  try {
    for (const [t, fresh] of tasks.entries()) {
      const old = tasks.slice(0, t).flat().length;
      const view = { model, fresh, old, seen: old + fresh.length, random: random.at(`task.${t}`) };
      const set = ofClasses(train, fresh);
      model.train();
      strategy.begin?.(view);
      const ended = () => optimizer.steps >= maxSteps;
      for (let epoch = 0; epoch < epochs && !ended(); epoch++) {
        const order = { random: view.random, shuffle: true, epoch };
        for await (const batch of batches(set, { batchSize, ...given, ...order })) {
          scope(() => learn(strategy, view, batch), "comparison step");
          await new Promise(setImmediate); // signals are heard here
          if (ended()) break;
        }
      }
      model.eval();
      for await (const { images, labels } of batches(set, { batchSize: set.count, ...given }))
        scope(() => noGrad(() => strategy.end?.(view, images, labels)), "comparison end");
      const known = tasks.slice(0, t + 1);
      const held = ofClasses(test, known.flat());
      const predicted: number[] = [];
      for await (const { images } of batches(held, { batchSize: 500, ...given }))
        scope(
          () => noGrad(() => predicted.push(...predict(strategy, view, images).numbers())),
          "comparison test",
        );
      addAccuracies(progression, known, predicted, held.labels);
      onTask?.({ task: t, steps: optimizer.steps, model, progression });
      if (ended()) break;
    }
    return progression;
  } finally {
    strategy.dispose();
  }

  function learn(strategy: Strategy, view: TaskView, { images, labels }: Batch): void {
    const loss = strategy.loss(view, images, labels);
    const value = loss.item();
    if (!Number.isFinite(value))
      throw new NotFiniteError(
        `the loss is ${value} at step ${optimizer.steps + 1}; lower the learning rate`,
      );
    const parameters = view.model.parameters();
    optimizer.step(strategy.gradientsOf?.(view, loss, parameters) ?? gradients(loss, parameters), lr);
    onStep?.(optimizer.steps, value);
  }
}

const predict = (strategy: Strategy, view: TaskView, images: Tensor): Tensor =>
  strategy.predict?.(view, images) ?? view.model.apply(images).narrow(1, 0, view.seen).argmax(-1);
