/** @file Learning from text: random blocks, accumulation, clipping, AdamW that decays matrices only. */

import { randomBlocks } from "../../data/text/index.ts";
import type { Bert, Gpt } from "../../model/index.ts";
import { gradients, NotFiniteError, type Random, scope, type Tensor } from "../../tensor/index.ts";
import { GradientSum } from "../../train/gradient-sum.ts";
import type { LoadedCheckpoint } from "../../train/index.ts";
import { isDue, type Learner, type Milestone, type Numbers } from "../../train/learner.ts";
import { firstNotFinite } from "../../train/locate.ts";
import { createOptimizer, type Optimizer } from "../../train/optimizer.ts";
import { inPrecision, type Precision } from "../../train/precision.ts";
import { warmupCosine } from "../../train/schedule.ts";
import { answer, hideTokens, type MaskOptions, nextTokens, type Question } from "./objective.ts";

export interface LanguageLearnerOptions {
  /** The training text. */
  tokens: Int32Array;
  /** Tokens of a sequence. */
  block: number;
  /** BERT's question; the next token when not given. */
  masks?: Omit<MaskOptions, "random">;
  random: Random;
  steps: number;
  batchSize: number;
  accumulate: number;
  lr: number;
  leastLr: number;
  warmup: number;
  weightDecay: number;
  betas: readonly [number, number];
  clipGrad?: number;
  precision: Precision;
  device: string;
  /** Steps between evaluations; the end is always evaluated. */
  evalEvery?: number;
  /** What is found out about the model. */
  evaluate: () => Promise<Milestone>;
}

/** Matrices decay, tables among them; shifts, norms and what ToST adds to its shares do not, as in the authors' code. */
export const decays = (name: string, parameter: Tensor): boolean =>
  parameter.dim >= 2 && !/(^|\.)(temp|denom_bias)$/.test(name);

/** Trains a model that belongs to the caller. A batch is the number of its step: blocks follow from the seed and that. */
export class LanguageLearner implements Learner<number> {
  readonly steps: number;
  readonly unit = "sequences";
  private readonly optimizer: Optimizer;
  private readonly factor: (t: number) => number;
  private readonly parameters: ReadonlyMap<string, Tensor>;

  constructor(
    readonly model: Gpt | Bert,
    private readonly options: LanguageLearnerOptions,
  ) {
    const { steps, warmup, lr, leastLr, weightDecay, betas } = options;
    this.steps = steps;
    this.factor = warmupCosine({ total: steps, warmup, least: leastLr / lr });
    this.parameters = model.namedParameters();
    this.optimizer = createOptimizer("adamw", this.parameters, { weightDecay, betas, decays });
  }

  async *batches(from: number): AsyncGenerator<number> {
    for (let at = from; ; at++) yield at;
  }

  size(): number {
    return this.options.batchSize * this.options.accumulate;
  }

  /** Batch `part` of a step. */
  private question(at: number, part: number): Question {
    const { tokens, block, masks, random, batchSize, device } = this.options;
    const stream = random.at("data.blocks").at(`step.${at}`).at(`part.${part}`);
    const length = masks === undefined ? block + 1 : block;
    const rows = randomBlocks(tokens, batchSize, length, stream, device);
    return masks === undefined ? nextTokens(rows) : hideTokens(rows, { ...masks, random: stream });
  }

  step(at: number): Numbers {
    const { accumulate, clipGrad, precision, device, lr: highest } = this.options;
    const sum = new GradientSum(accumulate);
    for (let part = 0; part < accumulate; part++) {
      const { found, value } = scope(() => {
        const question = this.question(at, part);
        const { loss, asked } = inPrecision(precision, device, () => answer(this.model, question));
        const mean = loss.div(asked.clamp(1)); //                               []
        const value = mean.item();
        if (!Number.isFinite(value)) this.refuse(`loss is ${value}`, at, question);
        return { found: gradients(mean.div(accumulate), [...this.parameters.values()]), value };
      }, "gradients");
      sum.add(found, value);
    }
    const norm = sum.norm();
    if (!Number.isFinite(norm)) this.refuse(`gradient norm is ${norm}`, at);
    if (clipGrad !== undefined) sum.clip(norm, clipGrad);
    const lr = highest * this.factor(at);
    this.optimizer.step(sum.tensors, lr);
    return { "train/loss": sum.loss, "train/gradientNorm": norm, lr };
  }

  private refuse(what: string, at: number, question?: Question): never {
    const where = question && firstNotFinite(this.model, question.inputs);
    throw new NotFiniteError(
      `${what} at step ${at + 1}${where === undefined ? "" : `, first in ${where}`}; lower the learning rate or look at the data`,
    );
  }

  due(done: number): boolean {
    return isDue(done, this.steps, this.options.evalEvery);
  }

  async evaluate(done: number): Promise<Milestone> {
    const { text, ...found } = await this.options.evaluate();
    return { ...found, text: `step ${done}  ${text}` };
  }

  snapshot() {
    const { model, optimizer } = this;
    const state = { steps: optimizer.steps };
    return { model: model.stateDict(), optimizer: optimizer.stateDict(), state };
  }

  restore({ model, optimizer, state }: Pick<LoadedCheckpoint, "model" | "optimizer" | "state">): void {
    this.model.load(model);
    this.optimizer.load(optimizer, (state as { steps: number }).steps);
  }

  /** Frees the optimiser. */
  dispose(): void {
    this.optimizer.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
