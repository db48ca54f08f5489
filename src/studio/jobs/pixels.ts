/** @file Tensors as JSON has them, and back: pictures as bytes, numbers as float32, both in base64. */

import { type Tensor, tensor, UsageError } from "../../tensor/index.ts";
import type { Numbers, PixelBytes } from "../shapes.ts";

/** Pixels [c, h, w] in 0 … 1 as bytes. Of other numbers of channels the first one is shown. */
export function toPixels(image: Tensor): PixelBytes {
  const [c, height, width] = image.shape as [number, number, number];
  const channels = c === 3 ? 3 : 1;
  const values = image.narrow(0, 0, channels).permute([1, 2, 0]).contiguous().numbers();
  const bytes = Uint8ClampedArray.from(values, (value) => value * 255);
  return { width, height, channels, data: Buffer.from(bytes).toString("base64") };
}

/** Pixels in 0 … 1: [c, h, w]. @throws {UsageError} another size than the network's */
export function fromPixels({ width, height, channels, data }: PixelBytes, wanted: readonly number[]): Tensor {
  const bytes = Buffer.from(data, "base64");
  const shape = [channels, height, width];
  if (shape.join() !== wanted.join() || bytes.length !== width * height * channels)
    throw new UsageError(`image: expected [${wanted.join(", ")}], got [${shape.join(", ")}]`);
  const all = tensor(
    Float32Array.from(bytes, (byte) => byte / 255),
    { shape: [height, width, channels] },
  );
  return all.permute([2, 0, 1]).contiguous();
}

export function toNumbers(values: Tensor): Numbers {
  const data = Float32Array.from(values.contiguous().numbers());
  return { dims: [...values.shape], data: Buffer.from(data.buffer).toString("base64") };
}

/** @throws {UsageError} other bytes than the shape takes */
export function fromNumbers({ dims, data }: Numbers, name: string): Tensor {
  const bytes = Buffer.from(data, "base64");
  const count = dims.reduce((product, size) => product * size, 1);
  if (bytes.length !== 4 * count)
    throw new UsageError(`${name}: [${dims.join(", ")}] takes ${4 * count} bytes, got ${bytes.length}`);
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return tensor(values, { shape: [...dims] });
}
