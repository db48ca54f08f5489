/** @file The recipe of a language model: the next token of a text, or masked ones. */
import { z } from "zod";
import { modelOf } from "../../recipe/model-part.ts";
import {
  accumulate,
  amount,
  betas,
  count,
  descent,
  ema,
  lr,
  recipeOf,
  run,
  share,
  steps,
  times,
  whole,
} from "../../recipe/parts.ts";

const model = modelOf("language");

const data = z.strictObject({
  name: z
    .string()
    .min(1)
    .describe("text:NAME, as `vitrine data ls` lists them; text:PATH is a file or a folder"),
  dir: z
    .string()
    .min(1)
    .exactOptional()
    .describe("folder that has the data; VITRINE_DATA when it is not given"),
  tokenizer: z
    .enum(["characters", "bytes", "bpe", "file"])
    .default("characters")
    .describe("what a token is; bpe is trained on the training text, file is read from data.file"),
  tokens: count.min(256).exactOptional().describe("tokens that bpe is trained to (tokenizer: bpe)"),
  file: z.string().min(1).exactOptional().describe("a tokenizer.json (tokenizer: file)"),
});

const method = z.strictObject({
  name: z.literal("language").describe("how the model learns"),
  masked: share.gt(0).default(0.15).describe("share of the tokens that are to be filled in (BERT only)"),
});

const train = z.strictObject({
  steps,
  batchSize: count.describe("sequences in one batch"),
  accumulate,
  lr,
  leastLr: amount.default(0).describe("learning rate at the end of the cosine"),
  warmup: whole.default(0).describe("steps over which the learning rate rises linearly"),
  weightDecay: amount.default(0.1).describe("weight decay, on matrices only"),
  betas: betas.default([0.9, 0.95]).describe("averaging factors of AdamW"),
  evalEvery: times
    .exactOptional()
    .describe("steps between evaluations; only the end is evaluated when not given"),
  evalBlocks: count
    .exactOptional()
    .describe("blocks of the test text that are looked at while training; all when not given"),
  ema,
  ...descent,
  ...run,
});

export const languageRecipe = recipeOf({ model, data, method, train });

/** What a run of language is made from, validated. */
export type LanguageRecipe = z.infer<typeof languageRecipe>;
