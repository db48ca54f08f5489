/** @file i-CTRL as a learner: a first model by CTRL, then task after task with a memory, then reviews. */

import { inPercent, percent } from "../../base/percent.ts";
import { type Batch, batchCount, type ImageSet, imageSource, leavesOne } from "../../data/index.ts";
import { featuresOf } from "../../evaluate/features.ts";
import { type Module, synchronise } from "../../nn/index.ts";
import { heldClasses } from "../../rate/index.ts";
import {
  CheckpointError,
  type Group,
  keep,
  noGrad,
  type Random,
  scope,
  type Tensor,
} from "../../tensor/index.ts";
import { imagesOf } from "../../train/epochs.ts";
import type { Learner, Milestone, Numbers } from "../../train/learner.ts";
import { above, below, type Restored, type Saved, type Stateful } from "../../train/stateful.ts";
import { symmetricEpochs } from "../ctrl/learner.ts";
import type { Players } from "../ctrl/players.ts";
import { ctrlStep } from "../ctrl/step.ts";
import { requireBatch } from "../requirements.ts";
import { addTaskAccuracies } from "./evaluate.ts";
import { Memory, type MemoryOptions } from "./memory.ts";
import { incrementalDecoderStep, incrementalEncoderStep, type Replay, replayOf } from "./step.ts";
import { lastAndAverage, ofClasses, type Progression, splitClasses } from "./tasks.ts";

export interface IctrlOptions extends MemoryOptions {
  train: ImageSet;
  test: ImageSet;
  random: Random;
  /** Tasks that the classes are split into: 5 or 10 in the paper. */
  tasks: number;
  /** The first model: CTRL with batch statistics on the first task's classes. */
  first: { steps: number; batchSize: number; lr: number };
  /** Epochs on each later task, and on each task of a review. */
  epochs: number;
  lr: number;
  /** λ, before the distances of the new classes. */
  lambda: number;
  /** γ, before those of the held classes: 1. */
  gamma: number;
  /** ε: 1. */
  epsilon: number;
  /** New images per step; as many as the memory holds, times the classes per task, when left out. */
  batchSize?: number | undefined;
  /** Statistics of batch normalisation after the first task: the first model's, or each batch's. Scales and shifts learn. */
  bnMode: "eval-affine-trainable" | "train";
  /** Whether all new classes but the last are held too, as in the authors' code: see `heldClasses`. */
  held: "code" | "paper";
  /** Rounds over all tasks once the last is learned. */
  reviews: number;
  /** Directions per class of the nearest-subspace classifier: 15. */
  components: number;
  imageSize: number;
  device?: string | undefined;
  /** Processes that hold other images of each batch; every rank has the whole memory. */
  across?: Group | undefined;
}

/** A stretch of steps on one task. */
interface Phase {
  kind: "first" | "task" | "review";
  task: number;
  start: number;
  steps: number;
  batchSize: number;
}

/** i-CTRL on a set of images. The players belong to the caller, the memory to the learner. */
export class IctrlLearner implements Learner<Batch> {
  readonly steps: number;
  readonly milestones: readonly number[];
  readonly parts: Readonly<Record<string, Stateful>>;
  readonly memory = new Memory();
  readonly progression: Progression = { matrix: [], seen: [] };
  private readonly tasks: readonly (readonly number[])[];
  private readonly phases: readonly Phase[];
  private readonly known = new Map<number, ImageSet>();
  private replay: Replay | undefined;

  constructor(
    readonly players: Players,
    private readonly options: IctrlOptions,
  ) {
    const { train, tasks } = options;
    this.tasks = splitClasses(train.classes.length, tasks);
    const nets = Object.values(players.nets) as Module[];
    for (const [path, size = 2] of [
      ["train.firstBatchSize", options.first.batchSize],
      ["train.batchSize", options.batchSize],
    ] as const)
      requireBatch({ name: train.name, count: Number.POSITIVE_INFINITY }, size, { nets, path });
    this.phases = this.plan();
    this.milestones = this.phases.flatMap(({ start, steps }) => (steps > 0 ? [start + steps] : []));
    this.steps = this.milestones.at(-1)!;
    const groups = { saved: () => this.saved(), restore: (saved: Restored) => this.restore(saved) };
    this.parts = { ...players.parts, groups };
  }

  private plan(): Phase[] {
    const { first, epochs, batchSize, directions, samples, reviews } = this.options;
    const all = this.tasks.flat().length;
    const phases: Phase[] = [];
    const add = (kind: Phase["kind"], task: number, size: number, steps?: number) => {
      const start = phases.reduce((sum, phase) => sum + phase.steps, 0);
      const { count } = this.imagesOf(task);
      const perEpoch = batchCount(count, size, leavesOne(count, size));
      phases.push({ kind, task, start, batchSize: size, steps: steps ?? epochs * perEpoch });
    };
    const step = this.tasks[0]!.length;
    const usual = (old: number) => batchSize ?? directions * samples * old * step;
    add("first", 0, first.batchSize, first.steps);
    for (let t = 1; t < this.tasks.length; t++) add("task", t, usual(t * step));
    for (let round = 0; round < reviews; round++)
      for (let t = 0; t < this.tasks.length; t++) add("review", t, usual(all - step));
    return phases;
  }

  /** What is learned from, stretch after stretch. */
  get sets(): { name: string; count: number; batchSize: number }[] {
    return this.phases.map(({ task, batchSize }) => {
      const { name, count } = this.imagesOf(task);
      return { name: `${name}, group ${task + 1}`, count, batchSize };
    });
  }

  private imagesOf(task: number): ImageSet {
    const known = this.known.get(task) ?? ofClasses(this.options.train, this.tasks[task]!);
    this.known.set(task, known);
    return known;
  }

  private phaseAt(step: number): { phase: Phase; index: number } {
    const index = this.phases.findLastIndex(({ start, steps }) => start <= step && steps > 0);
    return { phase: this.phases[index]!, index };
  }

  async *batches(from: number): AsyncGenerator<Batch> {
    const { imageSize, device, random, across } = this.options;
    for (let step = from; step < this.steps; ) {
      const { phase, index } = this.phaseAt(step);
      const { batchSize, start, steps } = phase;
      const source = imageSource(this.imagesOf(phase.task));
      const order = { batchSize, imageSize, device, random: random.at(`phase.${index}`), across };
      for await (const batch of symmetricEpochs(source, order).from(step - start)) {
        yield batch;
        if (++step === start + steps) break;
      }
    }
  }

  size(batch: Batch): number {
    return imagesOf(batch, this.options.across);
  }

  step(batch: Batch, at: number): Numbers {
    const { phase } = this.phaseAt(at);
    const { first, lr, lambda, gamma, epsilon, across } = this.options;
    const classes = this.tasks.flat().length;
    if (phase.kind === "first") {
      const options = {
        objective: "multi",
        classes: this.tasks[0]!.length,
        inner: 1,
        epsilon,
        across,
      } as const;
      const { encoder, decoder } = ctrlStep(this.players, batch, options, first.lr);
      return { "train/encoderObjective": encoder, "train/decoderObjective": decoder, lr: first.lr };
    }
    const fresh = this.tasks[phase.task]!;
    const seen = phase.kind === "task" ? fresh.at(-1)! + 1 : classes;
    const held =
      phase.kind === "task"
        ? heldClasses(seen, fresh.length, this.options.held)
        : this.memory.labels.filter((label) => !fresh.includes(label));
    const options = { classes: seen, fresh, held, lambda, gamma, epsilon, across };
    this.players.train(this.options.bnMode === "train");
    const encoder = incrementalEncoderStep(this.players, batch, this.replay!, options, lr);
    const decoder = incrementalDecoderStep(this.players, batch, this.replay!, options, lr);
    return { "train/encoderObjective": encoder, "train/decoderObjective": decoder, lr, task: phase.task };
  }

  /** The end of a task: memory of its classes, accuracies on what was seen, the replay for the next task. */
  async evaluate(done: number): Promise<Milestone> {
    const { phase, index } = this.phaseAt(done - 1);
    if (phase.kind === "first") this.players.forget();
    this.players.train(this.options.bnMode === "train" && phase.kind !== "first");
    await this.remember(phase, index);
    await this.measure(phase);
    const next = this.phases[index + 1];
    this.replace(next && (next.kind === "review" ? this.tasks[next.task]! : []));
    const { last, average } = lastAndAverage(this.progression);
    const numbers = {
      ...inPercent({ "eval/seen": last, "eval/average": average }),
      "memory/bytes": this.memory.bytes,
    };
    const name =
      phase.kind === "review"
        ? `review of task ${phase.task + 1}`
        : `task ${phase.task + 1}/${this.tasks.length}`;
    return {
      numbers,
      text: `${name}  accuracy on the classes seen ${percent(last)}  mean so far ${percent(average)}`,
    };
  }

  private async remember(phase: Phase, index: number): Promise<void> {
    const { random } = this.options;
    const { Z, labels } = await this.features(this.imagesOf(phase.task));
    for (const label of this.tasks[phase.task]!)
      scope(() => {
        const rows = Z.index([labels.eq(label)]); //                            [n_k, d]
        this.memory.remember(label, rows, this.options, random.at(`memory.${index}`).at(`class.${label}`));
      }, "remember");
    Z.dispose();
    labels.dispose();
  }

  private async measure(phase: Phase): Promise<void> {
    const learned = phase.kind === "review" ? this.tasks : this.tasks.slice(0, phase.task + 1);
    const { device = "cpu" } = this.options;
    const how = { ...this.options, device };
    await addTaskAccuracies(this.progression, this.players.nets.encoder, learned, how);
  }

  private features(set: ImageSet) {
    const { imageSize, device, across } = this.options;
    const images = { imageSize, across, ...(device !== undefined && { device }) };
    return featuresOf(this.players.nets.encoder, set, images);
  }

  /** The replay of everything remembered but some classes, by the decoder as it is; none when there is no next task. */
  private replace(except: readonly number[] | undefined): void {
    this.forgetReplay();
    if (except === undefined) return;
    const { decoder } = this.players.nets;
    synchronise(decoder, undefined); // every rank makes the whole replay
    this.replay = scope(() => {
      const { Z, labels, images } = replayOf(this.players, this.memory.all(except));
      return { Z: keep(Z), labels: keep(labels), images: keep(images) };
    }, "replay");
    synchronise(decoder, this.options.across);
  }

  private saved(): Saved {
    const replay = above(new Map(Object.entries(this.replay ?? {}) as [string, Tensor][]), "replay.");
    const { progression, players } = this;
    return {
      model: new Map([...this.memory.stateDict(), ...replay]),
      state: { progression, training: players.nets.encoder.training },
    };
  }

  private restore({ model, state }: Restored): void {
    const { progression, training } = state as { progression: Progression; training: boolean };
    this.players.train(training);
    this.memory.load(model);
    Object.assign(this.progression, progression);
    this.forgetReplay();
    const { Z, labels, images } = Object.fromEntries(below(model, "replay.")) as Record<string, Tensor>;
    if (Z === undefined && labels === undefined && images === undefined) return; // none at the start and at the end
    const rows = Z?.size(0);
    if (Z?.dim !== 2 || labels?.shape.join() !== `${rows}` || images?.dim !== 4 || images.size(0) !== rows)
      throw new CheckpointError(
        'the checkpoint\'s "replay.Z", "replay.labels" and "replay.images" do not fit',
      );
    const copy = (tensor: Tensor) => keep(noGrad(() => tensor.clone()));
    this.replay = { Z: copy(Z), labels: copy(labels), images: copy(images) };
  }

  private forgetReplay(): void {
    for (const tensor of Object.values(this.replay ?? {}) as Tensor[]) tensor.dispose();
    this.replay = undefined;
  }

  /** Frees the memory and the replay. */
  dispose(): void {
    this.memory.dispose();
    this.forgetReplay();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
