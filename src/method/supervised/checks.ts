/** @file What the values of a classifier's recipe must be to one another. */
import type { Conflict } from "../entry.ts";
import type { SupervisedRecipe as Recipe } from "./recipe.ts";

/** Of any method that changes its training images. */
interface Augmented {
  model: { imageSize: number };
  data: { augment: Partial<Pick<Recipe["data"]["augment"], "crop" | "resizedCrop" | "mixup">> };
  train: { batchSize: number };
}

/** The first rule that the recipe breaks, if any. */
export function supervisedConflict(recipe: Recipe): Conflict | undefined {
  return modelConflict(recipe) ?? augmentConflict(recipe) ?? trainConflict(recipe);
}

/** Names that say nothing of a size. */
const OF_ANY_SIZE: ReadonlySet<string> = new Set(["crate", "crate_mae", "crate_alpha", "tost", "aot", "vit"]);

/** Of the sizes of a classifier. */
export function modelConflict({ model }: Pick<Recipe, "model">): Conflict | undefined {
  const { name, dim, depth, heads, headDim, patch, imageSize } = model;
  if (imageSize % patch !== 0) {
    const near = [...divisors(imageSize)].join(", ");
    return say("model.patch", `${patch} does not divide model.imageSize ${imageSize}; ${near} do`);
  }
  if (OF_ANY_SIZE.has(name)) {
    for (const [key, value] of Object.entries({ dim, depth, heads })) {
      if (value === undefined) {
        return say(
          `model.${key}`,
          name === "aot"
            ? `expected for model ${name}; give it`
            : `expected for model ${name}; give it, or take a model with a size such as ${name}_tiny${name === "tost" ? "12" : ""}`,
        );
      }
    }
  }
  if (name.startsWith("tost") && (patch < 2 || !Number.isInteger(Math.log2(patch))))
    return say(
      "model.patch",
      `${patch} is no power of two from 2 on, which the stem of ${name} halves down to`,
    );
  if (dim !== undefined && heads !== undefined) {
    if (headDim === undefined && dim % heads !== 0) {
      return say(
        "model.heads",
        `${heads} does not divide model.dim ${dim}; change one, or give model.headDim`,
      );
    }
    if (/^(vit|tost)/.test(name) && headDim !== undefined && heads * headDim !== dim) {
      const product = `${heads} × ${headDim} = ${heads * headDim}`;
      return say("model.headDim", `heads × headDim must be model.dim ${dim} in ${name}, received ${product}`);
    }
  }
  return undefined;
}

/** Of the changes to training images. */
export function augmentConflict({ model, data, train }: Augmented): Conflict | undefined {
  const { crop, resizedCrop, mixup } = data.augment;
  if (crop !== undefined && resizedCrop !== undefined) {
    return say(
      "data.augment.crop",
      "crop and resizedCrop exclude each other; keep one and set the other to none",
    );
  }
  if (crop !== undefined && crop >= model.imageSize) {
    return say("data.augment.crop", `${crop} pixels of padding need an image larger than ${model.imageSize}`);
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
  if (momentum !== undefined && optimizer !== "sgd") {
    return say("train.momentum", `belongs to sgd; ${optimizer} takes train.betas`);
  }
  if (betas !== undefined && optimizer === "sgd") {
    return say("train.betas", "sgd takes train.momentum; set train.betas to none");
  }
  return undefined;
}

function say(path: string, message: string): Conflict {
  return { path, message };
}

function* divisors(n: number): Generator<number> {
  for (let d = 2; d < n; d++) if (n % d === 0) yield d;
}
