/** @file The recipe of a language model: the next token of a text, or masked ones. */
import { z } from "zod";
import { modelOf } from "../../recipe/model-part.ts";
import {
  accumulate,
  amount,
  betas,
  count,
  ema,
  graph,
  lr,
  matrixOptimizer,
  networkDescent,
  recipeOf,
  run,
  shardOptimizer,
  shards,
  share,
  steps,
  times,
  validation,
  whole,
} from "../../recipe/parts.ts";

const model = modelOf("language");

const data = z.strictObject({
  name: z
    .string()
    .min(1)
    .describe(
      "text:NAME (`vitrine data ls` lists them), or text:PATH for a file, a folder, or a folder of tokens (`vitrine data tokenize`)",
    ),
  dir: z.string().min(1).exactOptional().describe("folder of data sets (default: VITRINE_DATA, else ./data)"),
  tokenizer: z
    .enum(["characters", "bytes", "bpe", "file"])
    .default("characters")
    .describe("tokenizer; bpe is trained on the training text, file is read from data.file"),
  tokens: count.min(256).exactOptional().describe("size of the vocabulary to train (tokenizer: bpe)"),
  file: z
    .string()
    .min(1)
    .exactOptional()
    .describe("path of a tokenizer.json, .tiktoken or vocab.bpe (tokenizer: file)"),
  validation,
});

const method = z.strictObject({
  name: z.literal("language").describe("method: how the model learns"),
  masked: share.gt(0).default(0.15).describe("share of the tokens to fill in (BERT only)"),
});

const train = z.strictObject({
  steps,
  batchSize: count.describe("sequences per batch"),
  accumulate,
  optimizer: matrixOptimizer,
  lr,
  leastLr: amount.default(0).describe("final learning rate of the cosine schedule"),
  warmup: whole.default(0).describe("optimiser steps of linear warm-up of the learning rate"),
  weightDecay: amount.default(0.1).describe("weight decay of matrices only"),
  betas: betas.default([0.9, 0.95]).describe("β₁, β₂ of AdamW"),
  evalEvery: times.exactOptional().describe("optimiser steps between evaluations (default: only at the end)"),
  evalBlocks: count
    .exactOptional()
    .describe("sequences of the test text evaluated while training (default: all)"),
  ema,
  shards,
  graph,
  shardOptimizer,
  ...networkDescent,
  ...run,
});

export const languageRecipe = recipeOf({ model, data, method, train });

/** What a run of language is made from, validated. */
export type LanguageRecipe = z.infer<typeof languageRecipe>;
