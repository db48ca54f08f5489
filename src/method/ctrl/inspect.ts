/** @file Inside a closed loop: rates of Z and Ẑ, their distance class by class, spectra, similarities, accuracies. */

import type { Figure } from "../../chart/index.ts";
import { batches, type ImageSource } from "../../data/index.ts";
import { SYMMETRIC } from "../../evaluate/features.ts";
import { inspectImages } from "../../measure/inspect-images.ts";
import { describeModel } from "../../measure/make-report.ts";
import type { ClosedLoopNets } from "../../model/index.ts";
import { rateDistance } from "../../rate/index.ts";
import { cat, keep, noGrad, scope, type Tensor } from "../../tensor/index.ts";
import { reading } from "../../train/checkpoint.ts";
import { stateOf } from "../../train/position.ts";
import { writeFindings } from "../findings.ts";
import type { Progression } from "../ictrl/tasks.ts";
import { groupFigure } from "../incremental/inspect.ts";
import {
  classRows,
  curves,
  type Labelled,
  rateNumbers,
  similarityOf,
  spectraOf,
} from "../inspect-features.ts";
import { openRunOf } from "../load-run.ts";
import { isOf } from "../recipe.ts";
import type { InspectRun } from "../run-types.ts";
import { withImages } from "../with-images.ts";
import { buildPlayers, restorePlayers, withImageSize } from "./run.ts";

const AT_ONCE = 500;

/**
 * Features of images and of their transcriptions, [n, d] each; the caller frees them.
 * @param batch with the statistics of each batch, as in CTRL's training; else with the running ones
 */
async function loop(
  { encoder, decoder }: ClosedLoopNets,
  source: ImageSource,
  { imageSize, batch }: { imageSize: number; batch: boolean },
) {
  const parts: Tensor[][] = [[], [], []];
  const normalise = SYMMETRIC(source.channels);
  for (const net of [encoder, decoder]) net.train(batch);
  const batchSize = Math.min(source.count, AT_ONCE);
  for await (const { images, labels } of batches(source, {
    batchSize,
    dropLast: batch,
    imageSize,
    normalise,
  })) {
    const Z = noGrad(() => encoder.apply(images));
    const Zhat = noGrad(() => scope(() => encoder.apply(decoder.apply(Z))));
    for (const [i, tensor] of [Z, Zhat, labels.clone()].entries()) parts[i]!.push(keep(tensor));
  }
  const [Z, Zhat, labels] = scope(() => parts.map((part) => cat(part)));
  for (const tensor of parts.flat()) tensor.dispose();
  return { Z: Z!, Zhat: Zhat!, labels: labels! };
}

/** ΔR(Zₖ, Ẑₖ) of each class, nats. */
const distances = (Z: Tensor, Zhat: Tensor, { labels, classes }: Labelled, epsilon: number): number[] =>
  Array.from({ length: classes }, (_, k) =>
    noGrad(() =>
      scope(() => {
        const rows = labels.eq(k);
        const [A, B] = [Z.index([rows]), Zhat.index([rows])];
        return A.size(0) === 0 ? 0 : rateDistance(A, B, { epsilon: epsilon }).item();
      }),
    ),
  );

/** Measures the features of some images and of what the loop makes of them. */
export const inspectClosedLoop: InspectRun = async (folder, options) => {
  const run = openRunOf(folder, options.checkpoint, ["ctrl", "ictrl"], "inspecting a closed loop");
  const { recipe, checkpoint } = run;
  const { imageSize } = withImageSize(recipe).model;
  const { epsilon } = recipe.method;
  return await withImages(run, options, imageSize, async ({ source, places, data }) => {
    using players = restorePlayers(recipe, checkpoint, "cpu");
    using fresh = buildPlayers(recipe, source.channels, "cpu");
    const batch = isOf(recipe, "ctrl");
    const { encoder, decoder } = players.nets;
    const layers = await inspectImages({
      ...{ before: { model: fresh.nets.encoder }, after: { model: encoder }, source, places, imageSize },
      ...{ normalise: SYMMETRIC(source.channels), batchStatistics: batch },
    });
    const { Z, Zhat, labels } = await loop(players.nets, source, { imageSize, batch });
    const given = { Z, labels, classes: source.classes.length };
    const apart = distances(Z, Zhat, given, epsilon);
    const objective = curves(
      folder,
      { "train/encoderObjective": "encoder", "train/decoderObjective": "decoder" },
      "The objective as each player saw it",
      "nats",
    );
    const figures = new Map<string, Figure>([
      ["spectra", spectraOf(given, "Singular values of each class, centred")],
      ["similarity", similarityOf(Z, Z, given, "|cos| between features, sorted by class")],
      [
        "transcription-similarity",
        similarityOf(Z, Zhat, given, "|cos| between features of images and of their transcriptions"),
      ],
    ]);
    if (objective !== undefined) figures.set("training", objective);
    reading(checkpoint, () => {
      if (isOf(recipe, "ctrl")) return; // without groups
      const { progression } = stateOf(checkpoint, "groups") as { progression: Progression };
      figures.set("groups", groupFigure(progression));
    });
    const numbers = {
      ...rateNumbers(given, epsilon),
      ...rateNumbers({ ...given, Z: Zhat }, epsilon, "Ẑ"),
      "Σ ΔR(Zₖ, Ẑₖ)": apart.reduce((sum, distance) => sum + distance, 0),
    };
    const rows = classRows(given, source.classes).map((row, k) => ({ ...row, "ΔR(Zₖ, Ẑₖ)": apart[k]! }));
    for (const tensor of [Z, Zhat, labels]) tensor.dispose();
    const model = describeModel(recipe.model.name, encoder, [decoder]);
    const found = { model, samples: source.count, data, ...layers, numbers, rows, figures };
    return writeFindings(folder, run, found, options);
  });
};
