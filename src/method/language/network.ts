/** @file The language model of a run, as a network. */

import { type NetworkOf, networkOf } from "../network.ts";
import type { LanguageRecipe } from "./recipe.ts";
import { restoreLanguageModel } from "./run.ts";
import { runTokenizer } from "./text.ts";

/** Texts of the length that it was trained on; shorter ones are filled up to the right. */
export const languageNetwork: NetworkOf<LanguageRecipe> = (recipe, { folder, checkpoint }) => {
  const model = restoreLanguageModel(recipe, checkpoint, runTokenizer(folder, checkpoint));
  const { context: length, vocabulary } = model.options;
  const input = { name: "input_ids", kind: "tokens", length, vocabulary } as const;
  return networkOf(recipe.model.name, model, [input], (tokens) => ({ logits: model.apply(tokens!) }));
};
