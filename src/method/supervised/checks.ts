/** @file What the values of a classifier's recipe must be to one another. */
import { type Size, sides, sizeInWords } from "../../base/size.ts";
import { modelRule } from "../../recipe/model-part.ts";
import type { Conflict } from "../entry.ts";
import type { SupervisedRecipe as Recipe } from "./recipe.ts";

/** Of any method that changes its training images. */
interface Augmented {
  model: { imageSize: Size };
  data: { augment: Partial<Pick<Recipe["data"]["augment"], "crop" | "resizedCrop" | "mixup">> };
  train: { batchSize: number };
}

/** The first rule that the recipe breaks, if any. */
export function supervisedConflict(recipe: Recipe): Conflict | undefined {
  return modelConflict(recipe) ?? augmentConflict(recipe) ?? trainConflict(recipe);
}

/** Of the options of a classifier. */
export const modelConflict = modelRule("classifier");

/** Of the changes to training images. */
export function augmentConflict({ model, data, train }: Augmented): Conflict | undefined {
  const { crop, resizedCrop, mixup } = data.augment;
  if (crop !== undefined && resizedCrop !== undefined) {
    return say(
      "data.augment.crop",
      "crop and resizedCrop exclude each other; keep one and set the other to none",
    );
  }
  if (crop !== undefined && crop >= Math.min(...sides(model.imageSize))) {
    const size = sizeInWords(model.imageSize);
    return say("data.augment.crop", `${crop} pixels of padding need an image larger than ${size}`);
  }
  if (resizedCrop !== undefined && resizedCrop[0] > resizedCrop[1]) {
    return say(
      "data.augment.resizedCrop",
      `the smaller share comes first, received ${resizedCrop.join(",")}`,
    );
  }
  if (mixup !== undefined && train.batchSize < 2) {
    return say(
      "data.augment.mixup",
      `mixup blends two images; train.batchSize ${train.batchSize} must be 2 or more`,
    );
  }
  return undefined;
}

function trainConflict({ train }: Recipe): Conflict | undefined {
  const { epochs, warmupEpochs, optimizer, momentum, betas } = train;
  if (warmupEpochs > epochs) {
    return say("train.warmupEpochs", `${warmupEpochs} is more than train.epochs ${epochs}`);
  }
  if (momentum !== undefined && optimizer !== "sgd" && optimizer !== "muon") {
    return say("train.momentum", `belongs to sgd and muon; ${optimizer} takes train.betas`);
  }
  if (betas !== undefined && optimizer === "sgd") {
    return say("train.betas", "sgd takes train.momentum; set train.betas to none");
  }
  return undefined;
}

function say(path: string, message: string): Conflict {
  return { path, message };
}
