/** @file `transformersjs`: a folder that transformers.js classifies images with, as it does with any ViT. */

import { type Graph, type GraphNode, type Value, writeOnnx } from "../../graph/index.ts";
import { UsageError } from "../../tensor/index.ts";
import { type Format, type Job, jsonFile } from "../format.ts";
import { labelsOf, onnxName } from "./hf.ts";

/** What the library calls its input. */
const INPUT = "pixel_values";

export const transformersjs: Format = {
  about: "a folder for transformers.js: image classification",
  file: false,
  write({ source, small, precision }: Job) {
    const image = source.network.inputs.find((input) => input.kind === "image");
    const labels = labelsOf(source);
    if (image === undefined || labels === undefined || source.network.inputs.length > 1)
      throw new UsageError(
        `${source.name}: transformers.js classifies images; expected a classifier of images`,
      );
    const { height, width, channels, normalise } = image;
    if (channels !== 1 && channels !== 3)
      throw new UsageError(
        `${source.name}: transformers.js gives 3 channels; expected a network of 1 or 3, got ${channels}`,
      );
    const three = (values: readonly number[]) =>
      channels === 3 ? values : [values[0], values[0], values[0]];
    return [
      jsonFile("config.json", { model_type: "vit", image_size: height, ...labels }),
      jsonFile("preprocessor_config.json", {
        ...{ image_processor_type: "ViTImageProcessor", feature_extractor_type: "ViTFeatureExtractor" },
        ...{
          do_resize: true,
          size: { height, width },
          resample: 2,
          do_rescale: true,
          rescale_factor: 1 / 255,
        },
        ...{ do_normalize: true, image_mean: three(normalise.mean), image_std: three(normalise.std) },
      }),
      {
        path: onnxName(precision),
        parts: [writeOnnx(ofPixels(small, channels, [height, width]))],
        model: { inputs: ({ image }) => ({ [INPUT]: inColour(image!, channels) }) },
      },
    ];
  },
};

/** An image as the library gives it: three channels, of a grey one three times the same. */
function inColour(image: Value, channels: number): Value {
  if (channels === 3) return image;
  const [b = 0, , height = 0, width = 0] = image.dims;
  const area = height * width;
  const data = new Float32Array(3 * b * area);
  for (let i = 0; i < 3 * b; i++)
    data.set(image.data.subarray(Math.floor(i / 3) * area, Math.floor(i / 3 + 1) * area), i * area);
  return { type: "float32", dims: [b, 3, height, width], data };
}

/** The graph with the library's input, in colour, and its one output. Grey is the mean of the three. */
function ofPixels(graph: Graph, channels: number, [height, width]: readonly [number, number]): Graph {
  const name = graph.inputs[0]!.name;
  const front: GraphNode =
    channels === 3
      ? { name: "pixels", operator: "Identity", inputs: [INPUT], outputs: [name], attributes: new Map() }
      : {
          ...{ name: "grey", operator: "ReduceMean", inputs: [INPUT], outputs: [name] },
          attributes: new Map<string, number | number[]>([
            ["axes", [1]],
            ["keepdims", 1],
          ]),
        };
  return {
    ...graph,
    nodes: [front, ...graph.nodes],
    inputs: [{ name: INPUT, type: "float32", dims: ["batch", 3, height, width] }],
    outputs: graph.outputs.slice(0, 1),
  };
}
