/** @file What the values of a language model's recipe must be to one another. */
import { formOf } from "../../model/index.ts";
import { modelRule } from "../../recipe/model-part.ts";
import type { Conflict } from "../entry.ts";
import type { LanguageRecipe } from "./recipe.ts";

/** The first rule that the recipe breaks, if any. */
export function languageConflict(recipe: LanguageRecipe): Conflict | undefined {
  const own = modelRule("language")(recipe);
  if (own !== undefined) return own;
  const { model, data, method, train } = recipe;
  if (data.tokenizer === "bpe" && data.tokens === undefined)
    return { path: "data.tokens", message: "expected for tokenizer bpe; give a number from 256" };
  if (data.tokenizer === "file" && data.file === undefined)
    return { path: "data.file", message: "expected for tokenizer file; give the path of a tokenizer.json" };
  if (data.tokenizer !== "bpe" && data.tokens !== undefined)
    return { path: "data.tokens", message: `belongs to tokenizer bpe, received ${data.tokenizer}` };
  if (data.tokenizer !== "file" && data.file !== undefined)
    return { path: "data.file", message: `belongs to tokenizer file, received ${data.tokenizer}` };
  const asked = method.masked * train.batchSize * model.context;
  if (!formOf(model.name, "language").causal && asked < 1)
    return {
      path: "method.masked",
      message: `${method.masked} of the ${train.batchSize * model.context} tokens of a batch is less than one to fill in`,
    };
  if (train.leastLr > train.lr)
    return { path: "train.leastLr", message: `${train.leastLr} is more than train.lr ${train.lr}` };
  if (train.warmup > train.steps)
    return { path: "train.warmup", message: `${train.warmup} is more than train.steps ${train.steps}` };
  return undefined;
}
