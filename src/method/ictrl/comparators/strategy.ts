/** @file What a comparison does differently on each task. */

import type { Random, Tensor } from "../../../tensor/index.ts";
import type { Slopes } from "../../../train/slopes.ts";
import { crossEntropy } from "../../supervised/supervised.ts";
import type { IncrementalClassifier } from "./classifier.ts";

/** A task as a strategy sees it. Classes come in order, so the logits seen so far are the first `seen`. */
export interface TaskView {
  model: IncrementalClassifier;
  /** Classes of this task. */
  fresh: readonly number[];
  /** Classes up to and with this task, and those before it. */
  seen: number;
  old: number;
  /** Of this task. */
  random: Random;
  /** Steps since the first task's end: as many as had something to remember. */
  replayed: number;
}

/** One way of learning classes that come in groups. */
export interface Strategy {
  /** Before a task's first batch. */
  begin?(view: TaskView): void;
  /** Loss of a batch. */
  loss(view: TaskView, images: Tensor, labels: Tensor): Tensor;
  /** What the step goes by in place of the loss's gradient, where that is another. */
  changed?(view: TaskView, slopes: Slopes): Slopes;
  /** After a task, with its images [n, c, H, W] as they are given to the net, and their labels. */
  end?(view: TaskView, images: Tensor, labels: Tensor): void;
  /** Labels int64 [b]; the largest logit of the classes seen unless given. */
  predict?(view: TaskView, images: Tensor): Tensor;
  /** What is carried from task to task besides the net. */
  readonly bytes: number;
  /** The same as tensors, which belong to the strategy, and back from copies of them. */
  stateDict?(): ReadonlyMap<string, Tensor>;
  load?(state: ReadonlyMap<string, Tensor>, model: IncrementalClassifier): void;
  dispose(): void;
}

/** Cross entropy over the classes seen so far. */
export const seenCrossEntropy = ({ model, seen }: TaskView, images: Tensor, labels: Tensor): Tensor =>
  crossEntropy(model.apply(images).narrow(1, 0, seen), labels);
