/** @file Language models by recipe: training and evaluation. */

import { inPercent } from "../../base/percent.ts";
import { measuredSplit } from "../../data/index.ts";
import { blockStarts, blocksAt, type Tokenizer, tokenizerJson } from "../../data/text/index.ts";
import { type Bert, createModel, formOf, type Gpt } from "../../model/index.ts";
import { random } from "../../tensor/index.ts";
import type { LoadedCheckpoint } from "../../train/index.ts";
import type { Milestone } from "../../train/learner.ts";
import { weightsOf } from "../../train/stateful.ts";
import { trainLearner } from "../learner-run.ts";
import type { Method, Scores, Trained, TrainPlace } from "../method.ts";
import type { RunResult } from "../run-types.ts";
import { evaluateText, type LanguageScores, unigramScores } from "./evaluate.ts";
import { LanguageLearner } from "./learner.ts";
import type { LanguageRecipe as Recipe } from "./recipe.ts";
import { MASK, openTokens, runTokenizer, TOKENIZER_FILE, tokensOf } from "./text.ts";

/** A freshly started model; the caller frees it. */
export function buildLanguageModel({ model, seed }: Recipe, tokenizer: Tokenizer): Gpt | Bert {
  const { name, vocabulary = tokenizer.size, ...sizes } = model;
  return createModel(name, { ...sizes, vocabulary }, random(seed).at("model"), "language");
}

/** The model of a checkpoint; the caller frees it. */
export function restoreLanguageModel(
  recipe: Recipe,
  checkpoint: LoadedCheckpoint,
  tokenizer: Tokenizer,
): Gpt | Bert {
  const model = buildLanguageModel(recipe, tokenizer);
  try {
    return model.load(weightsOf(checkpoint));
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** BERT's question as the recipe asks it; nothing where the next token is asked for. */
function masksOf({ model, method }: Recipe, tokenizer: Tokenizer) {
  if (formOf(model.name, "language").causal) return undefined;
  return { share: method.masked, mask: tokenizer.special(MASK), size: tokenizer.size };
}

const evaluationOf = (recipe: Recipe, tokenizer: Tokenizer, device: string) => {
  const masks = masksOf(recipe, tokenizer);
  const stream = random(recipe.seed).at("evaluation.masks");
  return { context: recipe.model.context, device, ...(masks && { masks: { ...masks, random: stream } }) };
};

async function train(recipe: Recipe, place: TrainPlace): Promise<RunResult> {
  const data = openTokens(recipe);
  const { tokenizer } = data;
  const measured = measuredSplit(recipe.data);
  const held = tokensOf(data, measured);
  using model = buildLanguageModel(recipe, tokenizer).to(place.device);
  const { evalBlocks, keep: _, logInterval: __, checkpointEvery: ___, ...settings } = recipe.train;
  const masks = masksOf(recipe, tokenizer);
  const how = { ...evaluationOf(recipe, tokenizer, place.device), across: place.across };
  const look = { ...how, ...(evalBlocks && { most: evalBlocks }) };
  using learner = new LanguageLearner(model, {
    ...settings,
    ...{
      tokens: data.train,
      context: recipe.model.context,
      random: random(recipe.seed),
      device: place.device,
      across: place.across,
    },
    masks,
    evaluate: async () => milestone(await evaluateText(model, held, look)),
  });
  const files = { [TOKENIZER_FILE]: tokenizerJson(tokenizer) };
  const { context } = recipe.model;
  const watched = {
    model,
    samples: async (most: number) => {
      const blocks = blocksAt(held, blockStarts(held.length, context, context, most), context);
      const moved = blocks.to(place.device);
      if (moved !== blocks) blocks.dispose();
      return moved;
    },
  };
  return await trainLearner(learner, recipe, data, place, { files, watched, measured });
}

function milestone({ loss, bits, perplexity, accuracy }: LanguageScores): Milestone {
  return {
    numbers: {
      "eval/loss": loss,
      "eval/bits": bits,
      "eval/perplexity": perplexity,
      "eval/accuracy": 100 * accuracy,
    },
    score: -loss,
    scored: "eval/loss",
    text: `loss ${loss.toFixed(4)} nats, ${bits.toFixed(4)} bits a token, perplexity ${perplexity.toFixed(2)}, accuracy ${(100 * accuracy).toFixed(1)} %`,
  };
}

async function evaluate(recipe: Recipe, trained: Trained): Promise<Scores> {
  const { folder, checkpoint, split, device, across } = trained;
  const tokenizer = runTokenizer(folder, checkpoint);
  const data = openTokens(recipe, tokenizer);
  using model = restoreLanguageModel(recipe, checkpoint, tokenizer).to(device);
  const held = tokensOf(data, split);
  const scores = await evaluateText(model, held, { ...evaluationOf(recipe, tokenizer, device), across });
  const counted = unigramScores(data.train, held, tokenizer.size);
  const asked = formOf(recipe.model.name, "language").causal ? "predicted" : "filled in";
  const text = [
    `${scores.count.toLocaleString("en")} tokens ${asked}: ${milestone(scores).text}`,
    `counting alone: loss ${counted.unigramLoss.toFixed(4)} nats, accuracy ${(100 * counted.unigramAccuracy).toFixed(1)} %`,
  ].join("\n");
  return {
    numbers: {
      ...scores,
      ...counted,
      ...inPercent({ accuracy: scores.accuracy, unigramAccuracy: counted.unigramAccuracy }),
    },
    text,
  };
}

export const languageMethod: Method<Recipe> = { across: true, train, evaluate };
