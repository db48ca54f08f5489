/** @file Attention maps and pictures as bytes: a report holds an image's maps in a few kilobytes. */

import type { Normalisation } from "../data/index.ts";
import type { Tensor } from "../tensor/index.ts";
import type { ClassAttention } from "./attention.ts";
import type { ReportAttention } from "./report-schema.ts";

type Head = ReportAttention["layers"][number][number];

/** Weights as uint8, 255 for the largest: within 1/510 of it. */
export function packMap(weights: Float32Array): Head {
  const largest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  const bytes = Uint8Array.from(weights, (weight) =>
    largest > 0 ? Math.round((weight / largest) * 255) : 0,
  );
  return { weights: encode(bytes), largest };
}

/** The weights of `packMap`, as far as its 256 levels tell them. */
export function unpackMap({ weights, largest }: Head): Float32Array {
  return Float32Array.from(decode(weights), (byte) => (byte / 255) * largest);
}

/** Pixels in 0 … 255, channel by channel, of a normalised image [c, h, w]: the picture as the model saw it. */
export function packImage(image: Tensor, { mean, std }: Normalisation): ReportAttention["image"] {
  const [channels, height, width] = image.shape as [number, number, number];
  const plane = height * width;
  const bytes = Uint8ClampedArray.from(image.contiguous().numbers(), (value, i) => {
    const channel = Math.floor(i / plane);
    return (value * std[channel]! + mean[channel]!) * 255;
  });
  return { channels, height, width, pixels: encode(new Uint8Array(bytes.buffer)) };
}

/** All maps of an image, packed. */
export const packMaps = ({ maps }: ClassAttention): Head[][] => maps.map((layer) => layer.map(packMap));

const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** Bytes of a base64 text. */
export const decode = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));
