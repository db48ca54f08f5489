/** @file A picture as the network takes it, and what was done to it, in words. */

import { float, type PageFacts, type Value } from "../../src/graph/index.ts";
import { centre, type Grey, shrink } from "./centre.ts";
import type { Colours } from "./load.ts";

export interface Prepared {
  /** Pixels in 0 … 1, [channels, height, width]. */
  readonly pixels: Float32Array;
  /** What was done, a step each. */
  readonly steps: readonly string[];
}

type Input = PageFacts["input"];

/** Something drawn or given, of any size. A picture of the data set itself has its size, and is taken as it is. */
export function prepare(picture: Colours, input: Input, from: "drawn" | "file" | "sample"): Prepared {
  const { channels, height, width } = input;
  const steps: string[] = [];
  const planes =
    channels === 1
      ? [from === "drawn" ? plane(picture, 0) : grey(picture)]
      : [0, 1, 2].map((c) => plane(picture, c));
  if (from === "sample")
    return { pixels: joined(planes.map(({ data }) => data)), steps: ["from the test set"] };
  if (channels === 1 && from === "file") {
    steps.push("to grey");
    if (isLight(planes[0]!)) {
      planes[0] = inverted(planes[0]!);
      steps.push("inverted, as its ground is light");
    }
  }
  if (input.centring === "mnist") {
    steps.push(
      `shrunk into a box of 20 × 20`,
      `centre of mass to the middle of ${width} × ${height}, as in MNIST`,
    );
    return { pixels: centre(planes[0]!), steps };
  }
  const box = middle(picture, width / height);
  const isWhole = box[2] === picture.width && box[3] === picture.height;
  if (!isWhole) steps.push(`middle ${box[2]} × ${box[3]} of ${picture.width} × ${picture.height}`);
  steps.push(`resized to ${width} × ${height}`);
  return { pixels: joined(planes.map((each) => shrink(each, box, width, height))), steps };
}

/** (x − mean) / std per channel, [1, channels, height, width]. */
export function normalised(pixels: Float32Array, { channels, height, width, mean, std }: Input): Value {
  const area = height * width;
  const data = pixels.map((x, i) => {
    const c = Math.floor(i / area);
    return (x - mean[c]!) / std[c]!;
  });
  return float([1, channels, height, width], data);
}

/** One channel, 0 … 1. */
function plane({ width, height, data }: Colours, channel: number): Grey {
  const out = new Float32Array(width * height);
  for (let i = 0; i < out.length; i++) out[i] = data[4 * i + channel]! / 255;
  return { width, height, data: out };
}
function grey({ width, height, data }: Colours): Grey {
  const out = new Float32Array(width * height);
  for (let i = 0; i < out.length; i++)
    out[i] = (0.299 * data[4 * i]! + 0.587 * data[4 * i + 1]! + 0.114 * data[4 * i + 2]!) / 255;
  return { width, height, data: out };
}
const inverted = ({ width, height, data }: Grey): Grey => ({ width, height, data: data.map((x) => 1 - x) });

/** Whether the edge is light: paper under dark ink. */
function isLight({ width, height, data }: Grey): boolean {
  let [sum, count] = [0, 0];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x += y === 0 || y === height - 1 ? 1 : Math.max(1, width - 1)) {
      sum += data[y * width + x]!;
      count++;
    }
  return sum / count > 0.5;
}

/** The largest box of that shape around the middle. */
function middle({ width, height }: Colours, ratio: number): [number, number, number, number] {
  const w = Math.min(width, Math.max(1, Math.round(height * ratio)));
  const h = Math.min(height, Math.max(1, Math.round(width / ratio)));
  return [Math.floor((width - w) / 2), Math.floor((height - h) / 2), w, h];
}

function joined(planes: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(planes.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const each of planes) {
    all.set(each, at);
    at += each.length;
  }
  return all;
}
