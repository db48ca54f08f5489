/** @file How well a language model predicts a text: loss in nats and in bits, perplexity, accuracy. */

import { largestOf } from "../../base/extremes.ts";
import { rowsOf } from "../../data/index.ts";
import { blockStarts, blocksAt, type Tokens } from "../../data/text/index.ts";
import type { Bert, Gpt } from "../../model/index.ts";
import { type Group, noGrad, type Random, scope } from "../../tensor/index.ts";
import { answer, hideTokens, type MaskOptions, nextTokens, type Question } from "./objective.ts";

export interface LanguageScores {
  /** Mean over the tokens asked for, nats. */
  loss: number;
  /** The same in bits. */
  bits: number;
  /** e^loss */
  perplexity: number;
  /** Share of them that are the model's first choice. */
  accuracy: number;
  /** Tokens asked for. */
  count: number;
}

export interface EvaluateTextOptions {
  /** Tokens of a sequence. */
  context: number;
  /** BERT's question; the next token when not given. */
  masks?: Omit<MaskOptions, "random"> & { random: Random };
  device?: string;
  /** Blocks that are looked at, spread evenly; all when not given. */
  most?: number;
  /** Processes that look at some of the batches each. */
  across?: Group | undefined;
}

/** Blocks at once. Which tokens are hidden follows from the number of the batch, so it does not change. */
const AT_ONCE = 32;

/**
 * Scores over a text in blocks that stand side by side: each token is asked for once at most, with what precedes it in its
 * block. What does not fill a block at the end is left out. Lets signals through between batches.
 */
export async function evaluateText(
  model: Gpt | Bert,
  tokens: Tokens,
  { context, masks, device = "cpu", most, across }: EvaluateTextOptions,
): Promise<LanguageScores> {
  const length = masks === undefined ? context + 1 : context;
  const starts = blockStarts(tokens.length, length, context, most);
  const sums = { loss: 0, right: 0, count: 0 };
  const training = model.training;
  model.eval();
  for (const batch of rowsOf(across ?? { rank: 0, size: 1 }, Math.ceil(starts.length / AT_ONCE))) {
    const at = batch * AT_ONCE;
    await new Promise(setImmediate); // signals are heard here
    const found = noGrad(() =>
      scope(() => {
        const rows = blocksAt(tokens, starts.slice(at, at + AT_ONCE), length, device);
        const question: Question =
          masks === undefined
            ? nextTokens(rows)
            : hideTokens(rows, { ...masks, random: masks.random.at(`batch.${batch}`) });
        const { loss, asked, logits } = answer(model, question);
        const right = logits.argmax(-1).eq(question.targets).sum();
        return { loss: loss.item(), right: right.item(), count: asked.item() };
      }, "evaluation"),
    );
    sums.loss += found.loss;
    sums.right += found.right;
    sums.count += found.count;
  }
  model.train(training);
  const all = across?.sums(sums) ?? sums;
  const loss = all.loss / all.count;
  const [bits, perplexity] = [loss / Math.LN2, Math.exp(loss)];
  return { loss, bits, perplexity, accuracy: all.right / all.count, count: all.count };
}

/**
 * What counting alone gives: each token with the share that it has in the training text, one added to every count.
 * @param size tokens are 0 … size − 1
 */
export function unigramScores(
  train: Tokens,
  test: Tokens,
  size: number,
): { unigramLoss: number; unigramAccuracy: number } {
  const counts = new Float64Array(size).fill(1);
  for (const token of each(train)) counts[token]! += 1;
  const total = train.length + size;
  const common = counts.indexOf(largestOf(counts));
  let [loss, right] = [0, 0];
  for (const token of each(test)) {
    loss -= Math.log(counts[token]! / total);
    if (token === common) right++;
  }
  return { unigramLoss: loss / test.length, unigramAccuracy: right / test.length };
}

/** Tokens one after the other, read in stretches. */
function* each(tokens: Tokens): Generator<number> {
  const most = 1 << 16;
  for (let at = 0; at < tokens.length; at += most)
    yield* Array.from(tokens.subarray(at, Math.min(at + most, tokens.length)));
}
