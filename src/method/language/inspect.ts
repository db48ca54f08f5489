/** @file Inside a language model: what each layer compresses and sparsifies on text, untrained and trained. */

import type { Figure } from "../../chart/index.ts";
import { measuredSplit } from "../../data/index.ts";
import { blockStarts, blocksAt } from "../../data/text/index.ts";
import { BothMeters } from "../../measure/both.ts";
import { describeModel } from "../../measure/make-report.ts";
import { TEXT_WINDOWS } from "../../measure/rate-parts.ts";
import { formOf } from "../../model/index.ts";
import { freeCheckpoint } from "../../train/checkpoint.ts";
import { writeFindings } from "../findings.ts";
import { curves } from "../inspect-features.ts";
import { openRunOf } from "../load-run.ts";
import type { InspectRun } from "../run-types.ts";
import { buildLanguageModel, restoreLanguageModel } from "./run.ts";
import { openTokens, runTokenizer, tokensOf } from "./text.ts";

/** Measures blocks of the run's text. */
export const inspectLanguage: InspectRun = async (folder, options) => {
  const run = openRunOf(folder, options.checkpoint, ["language"], "inspecting a language model");
  const { recipe, checkpoint } = run;
  try {
    const { name, context } = recipe.model;
    const tokenizer = runTokenizer(folder, checkpoint);
    const text = tokensOf(openTokens(recipe, tokenizer), options.split);
    using model = restoreLanguageModel(recipe, checkpoint, tokenizer).eval();
    using untrained = buildLanguageModel(recipe, tokenizer).eval();
    const starts = blockStarts(text.length, context, context, options.samples);
    using blocks = blocksAt(text, starts, context);
    const meters = new BothMeters(
      { before: { model: untrained }, after: { model } },
      { windows: TEXT_WINDOWS },
    );
    meters.add(blocks);
    const training = curves(
      folder,
      { "train/loss": "training batches", "eval/loss": `${measuredSplit(recipe.data)} text` },
      formOf(name, "language").causal ? "Loss of the next token" : "Loss of masked tokens",
      "nats",
    );
    const found = {
      model: describeModel(name, model),
      samples: starts.length,
      data: { unit: `blocks of ${context} tokens` },
      layers: meters.layers(),
      notes: ["attention is left out: it is drawn for a class token over the patches of an image"],
      figures: new Map<string, Figure>(training === undefined ? [] : [["training", training]]),
    };
    return writeFindings(folder, run, found, options);
  } finally {
    freeCheckpoint(checkpoint);
  }
};
