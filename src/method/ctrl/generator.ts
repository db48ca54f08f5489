/** @file A closed loop as what draws images: from a Gaussian of each class's features, and from other images. */

import { firstImages } from "../../data/index.ts";
import { featuresOf } from "../../evaluate/features.ts";
import { cat, random, scope } from "../../tensor/index.ts";
import { freeCheckpoint } from "../../train/checkpoint.ts";
import { openRunOf } from "../load-run.ts";
import { isOf } from "../recipe.ts";
import type { OpenGenerator } from "../views.ts";
import { classModel } from "./class-model.ts";
import { sampleImages, transcribe } from "./pictures.ts";
import { restorePlayers, withImageSize } from "./run.ts";
import { measureStatistics } from "./statistics.ts";

/** Opens a closed loop's run on the CPU. */
export const openClosedLoop: OpenGenerator = async (folder, options) => {
  const { count, components, seed } = options;
  const { recipe, checkpoint } = openRunOf(folder, options.checkpoint, ["ctrl", "ictrl"], "fidelity");
  try {
    const { imageSize } = withImageSize(recipe).model;
    const players = restorePlayers(recipe, checkpoint, "cpu");
    const { nets } = players;
    const draws = random(seed).at("fidelity");
    return {
      imageSize,
      async draw(train) {
        // those of i-CTRL are a part of its first model
        if (isOf(recipe, "ctrl")) await measureStatistics(nets, firstImages(train, 3000), { imageSize });
        using features = await featuresOf(nets.encoder, firstImages(train, 5000), { imageSize });
        const { length: classes } = train.classes;
        const rows = Math.ceil(count / classes);
        const ofClass = (k: number) => {
          const model = classModel(features.Z.index([features.labels.eq(k)]), components);
          return sampleImages(nets.decoder, model, draws.at(`class.${k}`).normal([rows, components]));
        };
        return scope(() => cat(Array.from({ length: classes }, (_, k) => ofClass(k))), "draw");
      },
      transcribe: (images) => transcribe(nets, images),
      [Symbol.dispose]: () => players.dispose(),
    };
  } finally {
    freeCheckpoint(checkpoint);
  }
};
