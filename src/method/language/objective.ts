/** @file What a language model is asked: the token after each, or those that are hidden. */

import type { Bert, Gpt } from "../../model/index.ts";
import { full, type Random, type Tensor } from "../../tensor/index.ts";
import { crossEntropy } from "../supervised/supervised.ts";

/** What the model sees, and what it is to say at each place; −100 where it is not asked. int64 [b, n] */
export interface Question {
  inputs: Tensor;
  targets: Tensor;
}

export const NOT_ASKED = -100;

/** The token after each of the first n: rows [b, n + 1]. */
export function nextTokens(rows: Tensor): Question {
  const n = rows.size(1) - 1;
  return { inputs: rows.narrow(1, 0, n), targets: rows.narrow(1, 1, n) };
}

export interface MaskOptions {
  /** Share of the tokens that are asked for. */
  share: number;
  /** The token that hides another. */
  mask: number;
  /** Tokens are 0 … size − 1. */
  size: number;
  random: Random;
}

/** Of the tokens asked for, these shares are hidden, and replaced by random ones; the rest stay as they are. */
const HIDDEN = 0.8;
const REPLACED = 0.1;

/**
 * BERT's question: some tokens are asked for, most of them hidden.
 * @param rows int64 [b, n]
 * @see Devlin et al. 2019, masked language model
 */
export function hideTokens(rows: Tensor, { share, mask, size, random }: MaskOptions): Question {
  const place = { device: rows.device };
  const asked = random.at("asked").uniform(rows.shape, 0, 1, place).lt(share); // [b, n]
  const fate = random.at("fate").uniform(rows.shape, 0, 1, place);
  const other = random.at("other").integers(rows.shape, 0, size, place);
  const constant = (value: number) => full([], value, { dtype: "int64", ...place });
  const hidden = asked.and(fate.lt(HIDDEN));
  const replaced = asked.and(fate.ge(HIDDEN)).and(fate.lt(HIDDEN + REPLACED));
  const inputs = constant(mask).where(hidden, other.where(replaced, rows)); //   [b, n]
  return { inputs, targets: rows.where(asked, constant(NOT_ASKED)) };
}

/** The model's answers to a question. */
export interface Answer {
  /** Sum over the places asked, nats: []. */
  loss: Tensor;
  /** Places asked: [], int64. */
  asked: Tensor;
  /** [b, n, V] */
  logits: Tensor;
}

export function answer(model: Gpt | Bert, { inputs, targets }: Question): Answer {
  const logits = model.apply(inputs); //                                        [b, n, V]
  const flat = logits.reshape([-1, logits.size(-1)]);
  const loss = crossEntropy(flat, targets.reshape([-1]), 0, "sum");
  return { loss, asked: targets.ne(NOT_ASKED).sum(), logits };
}
