/** @file Learning from text: random blocks, accumulation, clipping, AdamW that decays matrices only. */

import { requireRows, rowsIn, rowsOf, type Share } from "../../data/index.ts";
import { randomBlocks, type Tokens } from "../../data/text/index.ts";
import type { Bert, Gpt } from "../../model/index.ts";
import type { Random, Tensor } from "../../tensor/index.ts";
import { Descent, type DescentOptions } from "../../train/descent.ts";
import { type FixedStep, type Inputs, requireFixed } from "../../train/fixed-step.ts";
import type { Learner, Logged, Milestone } from "../../train/learner.ts";
import { warmupCosine } from "../../train/schedule.ts";
import { requireShards, shardsOf } from "../../train/shards.ts";
import { weights } from "../../train/stateful.ts";
import { logged } from "../../train/step.ts";
import { answer, hideTokens, type MaskOptions, NOT_ASKED, nextTokens, type Question } from "./objective.ts";

export interface LanguageLearnerOptions
  extends Pick<DescentOptions, "precision" | "clipGrad" | "ema" | "across" | "shardOptimizer"> {
  /** The training text. */
  tokens: Tokens;
  /** Tokens of a sequence. */
  context: number;
  /** BERT's question; the next token when not given. */
  masks?: Omit<MaskOptions, "random"> | undefined;
  random: Random;
  steps: number;
  /** Sequences of a batch, of all processes together. */
  batchSize: number;
  accumulate: number;
  /** S, see `shardsOf`. */
  shards?: number | undefined;
  lr: number;
  leastLr: number;
  warmup: number;
  /** Muon's for the matrices between others. */
  optimizer?: "adamw" | "muon" | undefined;
  weightDecay: number;
  betas: readonly [number, number];
  device: string;
  /** Steps between evaluations; the end is always evaluated. */
  evalEvery?: number | undefined;
  /** What is found out about the model. */
  evaluate: () => Promise<Milestone>;
}

/** Matrices decay, tables among them; shifts, norms and what ToST adds to its shares do not, as in the authors' code. */
export const decays = (name: string, parameter: Tensor): boolean =>
  parameter.dim >= 2 && !/(^|\.)(temp|denom_bias)$/.test(name);

/** A batch is a number: blocks follow from the seed, the step and the place in it. */
export interface BlockBatch {
  part: number;
}

/** Trains a model that belongs to the caller. */
export class LanguageLearner implements Learner<BlockBatch> {
  readonly steps: number;
  readonly unit = "sequences";
  readonly evalEvery: number | undefined;
  readonly parts;
  readonly evaluate: () => Promise<Milestone>;
  private readonly descent: Descent;
  /** Rows of each batch that are learned from here. */
  private readonly rows: number[];

  /** @throws {UsageError} fewer sequences in a batch than processes */
  constructor(
    readonly model: Gpt | Bert,
    private readonly options: LanguageLearnerOptions,
  ) {
    const {
      steps,
      warmup,
      lr,
      leastLr,
      optimizer = "adamw",
      weightDecay,
      betas,
      precision,
      clipGrad,
      ema,
      shardOptimizer,
    } = options;
    const { batchSize, across } = options;
    const share: Share = across ?? { rank: 0, size: 1 };
    requireRows(share, { name: "the text", count: batchSize, batchSize, dropLast: true });
    requireShards(options.shards, batchSize, across);
    this.rows = rowsOf(share, batchSize);
    this.steps = steps;
    this.evalEvery = options.evalEvery;
    this.evaluate = options.evaluate;
    const factor = warmupCosine({ total: steps, warmup, least: leastLr / lr });
    this.descent = new Descent(model, {
      ...{ precision, clipGrad, ema, lr: (at) => lr * factor(at), across, shardOptimizer },
      optimizer: { name: optimizer, weightDecay, betas, decays },
    });
    this.parts = { model: weights(model), descent: this.descent };
  }

  async *batches(): AsyncGenerator<BlockBatch> {
    for (;;) for (let part = 0; part < this.options.accumulate; part++) yield { part };
  }

  size(): number {
    return this.options.batchSize;
  }

  private question(at: number, part: number): Question {
    const { tokens, context, masks, random, batchSize, device } = this.options;
    const stream = random
      .at("data.blocks")
      .at(`step.${at}`)
      .at(`part.${part}`)
      .of(rowsIn(batchSize, this.rows));
    const length = masks === undefined ? context + 1 : context;
    const rows = randomBlocks(tokens, this.rows.length, length, stream, device);
    return masks === undefined ? nextTokens(rows) : hideTokens(rows, { ...masks, random: stream });
  }

  step({ part }: BlockBatch, at: number): Logged | undefined {
    return this.descend(this.question(at, part), at);
  }

  /** The step from a question. @throws {UsageError} for several batches or parts of one to a step, several processes */
  fixed(): FixedStep<BlockBatch> {
    const { accumulate, shards, across } = this.options;
    requireFixed({
      ...{ "train.accumulate above 1": accumulate > 1, "train.shards": shards },
      "other processes": across,
    });
    return {
      descent: this.descent,
      inputs: ({ part }, at): Inputs => ({ ...this.question(at, part) }),
      run: (inputs, _, at) => this.descend(inputs as unknown as Question, at)!,
    };
  }

  private descend(question: Question, at: number): Logged | undefined {
    const { across, shards, accumulate, batchSize } = this.options;
    const { inputs, targets } = question;
    const all = this.asked(targets);
    const lossOf = (some: Question) => () => answer(this.model, some).loss.div(all);
    const given = { inputs: [inputs] };
    if (shards === undefined) {
      const step = this.descent.add(lossOf(question), accumulate, at, given);
      return step && logged(step);
    }
    const parts = shardsOf(shards, this.rows.length, rowsIn(batchSize, this.rows), across).map(
      ({ start, length }) => ({
        inputs: inputs.narrow(0, start, length),
        targets: targets.narrow(0, start, length),
      }),
    );
    const step = this.descent.addParts(parts.map(lossOf), accumulate, at, given);
    return step && logged(step);
  }

  /** Places of a batch that are asked for, on all ranks: every one, or as many as chance would have it. */
  private asked(targets: Tensor): number | Tensor {
    const { across, masks, batchSize, context } = this.options;
    if (masks === undefined) return batchSize * context;
    const own = targets.ne(NOT_ASKED).sum();
    return (across === undefined ? own : across.allReduce(own)).clamp(1); //    []
  }

  /** Frees the optimiser and the average. */
  dispose(): void {
    this.descent.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
