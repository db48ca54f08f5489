/** @file A language model from elsewhere, measured on blocks of a text. */

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { blockStarts } from "../data/index.ts";
import { describeModel } from "../measure/make-report.ts";
import { Meter } from "../measure/meter.ts";
import { TEXT_WINDOWS } from "../measure/rate-parts.ts";
import { openLanguage, tokenizerBeside } from "../method/open-language.ts";
import type { Inspection } from "../method/run-types.ts";
import { formOf } from "../model/index.ts";
import { DataError, scope, tensor } from "../tensor/index.ts";
import { type Weights, weightsFile } from "../train/weights/read.ts";
import type { LanguageArchitecture } from "../train/weights/recognise-names.ts";
import { attentionRows } from "./attention-rows.ts";
import { finished, type InspectDataOptions, MOST_MAPS } from "./data-report.ts";

/** Tokens of a block at most: attention and spectra grow with its square. */
const MOST_TOKENS = 256;

/** Measures blocks of a text, one after the other. */
export function onText(
  weights: Weights,
  found: LanguageArchitecture,
  path: string,
  data: string,
  options: InspectDataOptions,
): Inspection {
  const { heads, samples, say = () => {} } = options;
  const cutter = tokenizerBeside(weightsFile(path));
  const opened = openLanguage(weights, found, path, heads);
  using model = opened.model.eval();
  for (const note of opened.notes) say(note);
  const { before, after } = cutter;
  const tokens = cutter.encode(textIn(data));
  const over = tokens.find((token) => token >= found.vocabulary);
  if (over !== undefined)
    throw new DataError(
      `${path}: has ${found.vocabulary} tokens, but its tokenizer.json gives token ${over}; they do not belong together`,
      { path },
    );
  const length = Math.min(MOST_TOKENS, model.options.context);
  const inner = length - before.length - after.length;
  const starts = blockStarts(tokens.length, inner, inner, samples);
  if (starts.length === 0)
    throw new DataError(
      `${data}: has ${tokens.length} tokens, expected ${inner} or more, one block; take a longer text`,
      { path: data },
    );
  const around =
    before.length + after.length > 0 ? ", of which the first and the last are [CLS] and [SEP]" : "";
  say(`${data}: ${tokens.length} tokens, ${starts.length} blocks of ${length}${around}`);
  const rows = starts.flatMap((start) => [...before, ...tokens.subarray(start, start + inner), ...after]);
  using blocks = tensor(BigInt64Array.from(rows, BigInt), { shape: [starts.length, length] });
  const meter = new Meter({ model }, { windows: TEXT_WINDOWS });
  meter.add(blocks);
  const some = Math.min(starts.length, MOST_MAPS);
  const measured = {
    model: describeModel(found.family, model),
    samples: starts.length,
    layers: { before: null, after: meter.measures(), settings: meter.settings },
    rows: scope(() =>
      attentionRows(model, blocks.narrow(0, 0, some), formOf(found.family, "language").causal),
    ),
  };
  return finished(
    path,
    measured,
    { name: basename(data), unit: `blocks of ${length} tokens`, classes: [] },
    options,
  );
}

/** A text file as UTF-8. @throws {DataError} it is none */
function textIn(path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (cause) {
    throw new DataError(`${path}: expected a text in UTF-8 for a language model`, { path, cause });
  }
}
