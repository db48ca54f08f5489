/** @file Activations for the Fréchet distance and the inception score: from a file, or of images through a given net. */

import { type OnnxEncoderOptions, openEncoder, readFeatures } from "../../data/features/index.ts";
import { resize } from "../../data/index.ts";
import { cat, scope, type Tensor, UsageError } from "../../tensor/index.ts";

/** The images that the reference Inception net wants: 299 × 299, bilinear, −1 to 1. */
export const INCEPTION = {
  size: 299,
  kernel: "linear",
  normalise: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
} as const satisfies Omit<OnnxEncoderOptions, "path">;

export interface ActivationOptions {
  /** Name of the array, for files of several. */
  array?: string;
  /** The net, needed for images; what it leaves out is `INCEPTION`'s. Its `output` chooses activations or probabilities. */
  encoder?: OnnxEncoderOptions;
}

/**
 * Activations (or class probabilities) [n, d] for `frechetDistance` and `inceptionScore`.
 *
 * The reference net does not come with the package: without it, activations are read from a file that another program
 * wrote, or come from a net of ours, and then the distance is no FID.
 *
 * @param source a file as `readFeatures` takes it, a folder of images, or images [n, 3, h, w] of 0 to 255, which are
 *   brought to the net's size, bilinear with anti-aliasing
 * @returns float32 [n, d]
 * @throws {UsageError} images without a net, or of another shape
 * @throws {DataError} as `readFeatures`
 * @example
 * using real = await activations("real.npz", { array: "pool_3" });
 * using ours = await activations(images, { encoder: { path: "inception.onnx", output: "pool_3" } });
 * frechetDistance(real, ours);
 */
export async function activations(source: string | Tensor, options: ActivationOptions = {}): Promise<Tensor> {
  const encoder = options.encoder && { ...INCEPTION, ...options.encoder };
  if (typeof source === "string") {
    const array = options.array === undefined ? {} : { features: options.array };
    const { features } = await readFeatures(source, { ...array, ...(encoder ? { encoder } : {}) });
    return features;
  }
  if (encoder === undefined)
    throw new UsageError("activations: expected an encoder, an ONNX model, for images");
  if (source.dim !== 4 || source.size(1) !== 3 || source.size(0) === 0)
    throw new UsageError(`activations: expected images [n, 3, h, w], got ${source.describe()}`);
  const net = await openEncoder(encoder);
  const parts: Tensor[] = [];
  try {
    for (let at = 0; at < source.size(0); at += net.batchSize) {
      using images = scope(() => {
        const own = source.narrow(0, at, Math.min(net.batchSize, source.size(0) - at));
        return own.size(2) === net.size && own.size(3) === net.size ? own : resize(own, net.size);
      }, "images");
      parts.push(await net.encode(images));
    }
    return cat(parts);
  } finally {
    for (const part of parts) part.dispose();
    await net.close();
  }
}
