/** @file Inside a masked autoencoder: layers of encoder and decoder, and how far one undoes the other. */

import { type Figure, figure, heatMap } from "../../chart/index.ts";
import { batches, normalisation } from "../../data/index.ts";
import { inspectImages } from "../../measure/inspect-images.ts";
import { describeModel } from "../../measure/make-report.ts";
import { record } from "../../nn/index.ts";
import { keep, noGrad, scope, type Tensor } from "../../tensor/index.ts";
import { writeFindings } from "../findings.ts";
import { curves } from "../inspect-features.ts";
import { openRunOf } from "../load-run.ts";
import type { InspectRun } from "../run-types.ts";
import { withImages } from "../with-images.ts";
import { type Mae, whole } from "./errors.ts";
import { alignment, undoing } from "./inverse.ts";
import { buildMae, restoreMae } from "./run.ts";

/** Images whose tokens are aligned. */
const ALIGNED = 32;

/** How far the decoder runs the encoder backwards, on some images; the caller frees `aligned`. */
function inversion(mae: Mae, images: Tensor): { aligned: Tensor; undone: number[] } {
  return noGrad(() =>
    scope(() => {
      const { found } = record(mae, ["tokens", "block.*", "decoder.*"], () => whole(mae)(images));
      try {
        return { aligned: keep(alignment(mae, found)), undone: undoing(mae, found) };
      } finally {
        for (const tensor of found.values()) tensor.dispose();
      }
    }, "inversion"),
  );
}

/** Measures a checkpoint on whole images beside the untrained weights. */
export const inspectMae: InspectRun = async (folder, options) => {
  const run = openRunOf(folder, options.checkpoint, ["mae"], "inspecting a masked autoencoder");
  const { recipe, checkpoint } = run;
  const { imageSize, patch, name } = recipe.model;
  return await withImages(run, options, imageSize, async ({ source, places, data }) => {
    using mae = restoreMae(recipe, checkpoint);
    using fresh = buildMae(recipe, source.channels);
    const normalise = normalisation(source, recipe.data.normalise);
    const [before, after] = [fresh, mae].map((model) => ({ model, run: whole(model) }));
    const layers = await inspectImages({
      ...{ before: before!, after: after!, source, places, normalise, imageSize, patch },
    });
    const found = { model: describeModel(name, mae), samples: source.count, data, ...layers };
    let decoded: ReturnType<typeof inverted> | undefined;
    for await (const { images } of batches(source, { batchSize: ALIGNED, normalise, imageSize })) {
      const { aligned, undone } = inversion(mae, images);
      using owned = aligned;
      decoded = inverted(folder, owned, undone);
      break;
    }
    return writeFindings(folder, run, { ...found, ...decoded }, options);
  });
};

/** Decoder layers beside the encoder layers that they are to undo. */
function inverted(folder: string, aligned: Tensor, undone: readonly number[]) {
  const [M, L] = aligned.shape as [number, number];
  const values = aligned.numbers();
  const diagonal = M === L ? Array.from({ length: L }, (_, l) => values[l * L + (L - 1 - l)]!) : [];
  const rows = Array.from({ length: M }, (_, l) => {
    const row: Record<string, number> = { "decoder layer": l + 1 };
    if (diagonal.length > 0) row["CKA with its encoder layer"] = diagonal[l]!;
    if (undone.length > 0) row["cosine, layer undone"] = undone[l]!;
    return row;
  });
  const mean = (given: readonly number[]) => given.reduce((sum, value) => sum + value, 0) / given.length;
  const numbers: Record<string, number> = { "mean CKA of all pairs": mean(values) };
  if (diagonal.length > 0) numbers["mean CKA of decoder layer l with encoder layer L − l"] = mean(diagonal);
  if (undone.length > 0) numbers["mean cosine of an undone layer with what went in"] = mean(undone);
  const figures = new Map([["inversion", inversionFigure(values, M, L)]]);
  const training = curves(
    folder,
    { "eval/masked": "masked error", "eval/meanFill": "mean fill" },
    "Error on removed patches of the test images",
    "mean squared error",
  );
  if (training !== undefined) figures.set("training", training);
  return { numbers, rows, figures };
}

/** Decoder layers down, encoder layers across: on the falling diagonal from the right if the decoder runs backwards. */
function inversionFigure(values: readonly number[], rows: number, columns: number): Figure {
  const names = (length: number) => Array.from({ length }, (_, i) => String(i + 1));
  const chart = heatMap({
    ...{ rows, columns, values, min: 0, max: 1, annotate: rows * columns <= 150, label: "CKA" },
    x: { label: "before encoder layer", names: names(columns) },
    y: { label: "after decoder layer", names: names(rows) },
  });
  return figure({ title: "Tokens after each decoder layer beside those before each encoder layer" }, chart);
}
