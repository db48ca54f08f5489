/** @file Text from a language model: token after token, with what was seen before kept or gone through anew. */

import type { Gpt, Past } from "../../model/index.ts";
import { formOf } from "../../model/index.ts";
import {
  NotFiniteError,
  noGrad,
  type Random,
  random,
  scope,
  type Tensor,
  tensor,
  UsageError,
} from "../../tensor/index.ts";
import { freeCheckpoint } from "../../train/checkpoint.ts";
import { chooseDevice } from "../../train/precision.ts";
import { openRunOf } from "../load-run.ts";
import { restoreLanguageModel } from "./run.ts";
import { runTokenizer } from "./text.ts";

export interface SampleTextOptions {
  /** Tokens to make. */
  tokens: number;
  /** Divides the logits; 0 takes the likeliest token each time. */
  temperature: number;
  /** Only so many of the likeliest tokens; all when not given. */
  topK?: number;
  random: Random;
  /** Keep what was seen, as long as the sequence fits the model's context; true unless given. */
  cache?: boolean;
  /** Tokens below this number only: a table of tokens can have rows that are none. */
  size?: number;
}

/**
 * Tokens that follow a prompt. Beyond the model's context the oldest are forgotten; then every token stands at another
 * position than before, nothing that was kept is right any more, and the context is gone through for each token.
 *
 * @throws {UsageError} no prompt, or options out of range; {NotFiniteError} logits that are no numbers
 */
export function generateTokens(model: Gpt, prompt: ArrayLike<number>, options: SampleTextOptions): number[] {
  const { tokens, temperature, topK, cache = true } = options;
  if (prompt.length === 0) throw new UsageError("prompt: expected one token at least, got none");
  if (!(temperature >= 0 && temperature < Number.POSITIVE_INFINITY))
    throw new UsageError(`temperature: expected a finite number from 0, got ${temperature}`);
  if (topK !== undefined && !(Number.isInteger(topK) && topK >= 1))
    throw new UsageError(`topK: expected a whole number from 1, got ${topK}`);
  const { context } = model.options;
  const device = model.tokens.W.device;
  const row = (ids: readonly number[]) =>
    tensor(BigInt64Array.from(ids, BigInt), { shape: [1, ids.length], device });
  const sequence = Array.from(prompt);
  let past: Past[] | undefined;
  const free = () => {
    for (const { kept } of past ?? []) for (const old of kept) old.dispose();
    past = undefined;
  };
  try {
    for (let i = 0; i < tokens; i++) {
      const fits = cache && sequence.length <= context;
      if (!fits) free();
      const seen = past?.[0]?.count ?? 0;
      const { token, after } = noGrad(() =>
        scope(() => {
          const fresh = row(fits ? sequence.slice(seen) : sequence.slice(-context));
          const step = fits ? model.next(fresh, past) : { logits: model.apply(fresh), past: undefined };
          const last = step.logits.select(1, fresh.size(1) - 1).select(0, 0); //  [V]
          return { token: drawToken(last, options), after: step.past };
        }, "generate"),
      );
      free();
      past = after;
      sequence.push(token);
    }
    return sequence.slice(prompt.length);
  } finally {
    free();
  }
}

/** One token from logits [V]. @throws {NotFiniteError} a logit that is no number */
function drawToken(logits: Tensor, { temperature, topK, random, size }: SampleTextOptions): number {
  const known = size === undefined ? logits : logits.narrow(0, 0, size);
  const [values, tokens] = known.to("float64").topk(Math.min(topK ?? known.numel, known.numel));
  const greatest = values.select(0, 0);
  if (!Number.isFinite(greatest.item()))
    throw new NotFiniteError(
      `generate: the likeliest token's logit is ${greatest.item()}; take a checkpoint whose weights are finite`,
    );
  if (temperature === 0) return known.argmax().item();
  // divided by however small a temperature, the greatest stays 0, and the others fall to −∞
  const sums = values.sub(greatest).div(temperature).softmax(0).cumsum(0).numbers();
  const drawn = random.number() * sums.at(-1)!;
  const at = sums.findIndex((sum) => drawn < sum);
  return tokens.numbers()[at === -1 ? sums.length - 1 : at]!;
}

export interface GenerateOptions extends Omit<SampleTextOptions, "random" | "size"> {
  prompt: string;
  seed: number;
  /** `best`, `last` or the name of a checkpoint's folder. */
  checkpoint: string;
}

/**
 * Text that a run's model writes after a prompt.
 * @throws {UsageError} no run of a causal language model in the folder, no prompt
 * @throws {DataError} a character of the prompt that is no token; {CheckpointError} damaged, another vocabulary's
 */
export function generateText(
  folder: string,
  { prompt, seed, checkpoint: which, ...options }: GenerateOptions,
): string {
  const { recipe, checkpoint } = openRunOf(folder, which, ["language"], "generating text");
  try {
    if (!formOf(recipe.model.name, "language").causal)
      throw new UsageError(
        `${folder}: ${recipe.model.name} fills masked tokens in, expected a model that predicts the next one`,
        { path: folder },
      );
    const tokenizer = runTokenizer(folder, checkpoint);
    using model = restoreLanguageModel(recipe, checkpoint, tokenizer).to(chooseDevice(recipe.train.device));
    const given = tokenizer.encode(prompt);
    const stream = random(seed).at("generate");
    const made = generateTokens(model as Gpt, given, { ...options, random: stream, size: tokenizer.size });
    return tokenizer.decode([...given, ...made]);
  } finally {
    freeCheckpoint(checkpoint);
  }
}
