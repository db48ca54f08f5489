/** @file A network of images from elsewhere, measured on image files. */

import { basename } from "node:path";
import type { Size } from "../base/size.ts";
import { checkImageSet, imageSource, type Normalisation } from "../data/index.ts";
import { imagePaths } from "../evaluate/segment/index.ts";
import { inspectImages } from "../measure/inspect-images.ts";
import { describeModel } from "../measure/make-report.ts";
import { openFrom } from "../method/open-model.ts";
import { scope, type Tensor, tensor } from "../tensor/index.ts";
import { type Weights, weightsFile } from "../train/weights/read.ts";
import { recognise } from "../train/weights/recognise.ts";
import { attentionRows } from "./attention-rows.ts";
import { finished, type InspectDataOptions, MOST_MAPS } from "./data-report.ts";
import { imageFor, inWords, preprocessingOf } from "./preprocess.ts";

/** Measures an image or the images of a folder. */
export async function onImages(weights: Weights, path: string, data: string, options: InspectDataOptions) {
  const { heads, samples, say = () => {} } = options;
  const found = recognise(weights.tensors, weights.model);
  const own = (weights.model?.imageSize as Size | undefined) ?? found?.imageSize ?? 224;
  const colours = found?.channels !== 1;
  const how = preprocessingOf(weightsFile(path), own, colours);
  const { normalise } = how;
  const opened = openFrom(weights, path, {
    ...{ size: how.size, ...(heads !== undefined && { heads }) },
    ...(normalise !== undefined && { normalise }),
  });
  using model = opened.model;
  for (const note of opened.notes) say(note);
  say(`${data}: ${inWords(how)}`);
  const all = imagePaths(data);
  const paths = all.slice(0, samples);
  if (paths.length < all.length)
    say(`${data}: the first ${paths.length} of ${all.length} images, by --samples`);
  const images: Uint8Array[] = [];
  for (const image of paths) images.push(await imageFor(image, how));
  const [height, width] = how.size;
  const set = checkImageSet({
    ...{ name: basename(data), count: paths.length, channels: how.channels, height, width },
    ...{ images: new Uint8Array(Buffer.concat(images)), classes: paths.map((image) => basename(image)) },
    labels: Int32Array.from(paths.keys()),
  });
  const { patch } = model.options;
  const measured = await inspectImages({
    ...{ before: null, after: { model }, source: imageSource(set), places: [...paths.keys()] },
    ...{ patch, normalise: opened.normalise },
  });
  const some = Math.min(paths.length, MOST_MAPS);
  const rows = scope(() => {
    const bytes = tensor(set.images.slice(0, (set.images.length / paths.length) * some), {
      shape: [some, how.channels, height, width],
    });
    return attentionRows(model, scaled(bytes, opened.normalise), false);
  });
  const about = { name: basename(data), unit: "images", classes: [...set.classes], count: all.length };
  return finished(
    path,
    { ...measured, model: describeModel(found?.name ?? "vit", model), samples: paths.length, rows },
    about,
    options,
  );
}

/** Pixels as the model takes them. */
function scaled(bytes: Tensor, { mean, std }: Normalisation): Tensor {
  const constant = (values: readonly number[]) => tensor([...values]).reshape([1, values.length, 1, 1]);
  return bytes.to("float32").div(255).sub(constant(mean)).div(constant(std));
}
