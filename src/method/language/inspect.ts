/** @file Inside a language model: what each layer compresses and sparsifies on text, untrained and trained. */

import { blockStarts, blocksAt } from "../../data/text/index.ts";
import { layerFigures, layerRows, measureBlocks } from "../../measure/layers.ts";
import { isCausal } from "../../model/index.ts";
import { freeCheckpoint } from "../../train/checkpoint.ts";
import { writeFindings } from "../findings.ts";
import { curves } from "../inspect-features.ts";
import { openRunOf } from "../load-run.ts";
import type { InspectRun } from "../run-types.ts";
import { buildLanguageModel, restoreLanguageModel } from "./run.ts";
import { openTokens, runTokenizer } from "./text.ts";

/** Measures blocks of the run's text. */
export const inspectLanguage: InspectRun = async (folder, options) => {
  const run = openRunOf(folder, options.checkpoint, ["language"], "inspecting a language model");
  const { recipe, checkpoint } = run;
  try {
    const tokenizer = runTokenizer(folder, checkpoint);
    const data = openTokens(recipe, tokenizer);
    using trained = restoreLanguageModel(recipe, checkpoint, tokenizer);
    using untrained = buildLanguageModel(recipe, tokenizer);
    const { block } = recipe.model;
    const text = data[options.split];
    const starts = blockStarts(text.length, block, block, options.samples);
    using blocks = blocksAt(text, starts, block);
    const [before, after] = [untrained, trained].map((model) => measureBlocks(model, blocks, "input"));
    const training = curves(
      folder,
      { "train/loss": "training batches", "eval/loss": "test text" },
      isCausal(recipe.model.name) ? "Loss of the next token" : "Loss of masked tokens",
      "nats",
    );
    const figures = layerFigures(before!, after!);
    if (training !== undefined) figures.set("training", training);
    const numbers = { blocks: starts.length, "tokens of a block": block };
    return writeFindings(folder, run, { numbers, rows: layerRows(before!, after!), figures }, options);
  } finally {
    freeCheckpoint(checkpoint);
  }
};
