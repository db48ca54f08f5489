/** @file Image encoders as ONNX models that the user names: what they are given, and what they must give. */

import { existsSync } from "node:fs";
import { DataError, UsageError } from "../../tensor/errors.ts";
import { cat, scope, type Tensor, tensor } from "../../tensor/index.ts";
import { normalise } from "../augment.ts";
import type { Normalisation } from "../normalise.ts";
import { loadRuntime, type Runtime, type Session, type ValueInfo } from "./runtime.ts";

/** Mean and standard deviation per channel of the images that CLIP was trained on. */
export const CLIP: Normalisation = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

/** An encoder, and the images it wants: those of CLIP unless said otherwise. */
export interface OnnxEncoderOptions {
  /** The ONNX file. */
  path: string;
  /** Side of its square input in pixels; 224 when left out. */
  size?: number;
  /** Pixels of an image's shorter side before the central square is cut out; `size` when left out. */
  short?: number;
  /** How images are resized: "cubic" when left out, or "linear"; both with anti-aliasing. */
  kernel?: "cubic" | "linear";
  /** Mean and standard deviation of pixels in [0, 1]; CLIP's when left out. */
  normalise?: Normalisation;
  /** The output that holds the features; "image_embeds", or the only one, when left out. */
  output?: string;
  /** Images at a time; 32 when left out. A model with a fixed batch has its own. */
  batchSize?: number;
}

export interface OnnxEncoder {
  readonly size: number;
  readonly batchSize: number;
  /** Images [b, 3, size, size], bytes or floats of 0 to 255 → float32 [b, d] */
  encode(images: Tensor): Promise<Tensor>;
  close(): Promise<void>;
}

/**
 * Opens an encoder.
 *
 * @throws {UsageError} onnxruntime-node is not installed; inputs, outputs or sizes other than those asked for
 * @throws {DataError} no ONNX model that the runtime can load
 */
export async function openEncoder(options: OnnxEncoderOptions): Promise<OnnxEncoder> {
  const { path, size = 224, batchSize = 32 } = options;
  for (const [key, value] of Object.entries({ size, batchSize, short: options.short ?? size }))
    if (!(Number.isInteger(value) && value >= 1))
      throw new UsageError(`encoder: expected ${key} to be a whole number from 1 on, got ${value}`);
  if ((options.short ?? size) < size)
    throw new UsageError(`encoder: expected short from the size, ${size}, on, got ${options.short}`);
  const runtime = await loadRuntime();
  if (!existsSync(path)) throw new DataError(`encoder ${path} is missing`, { path });
  const session = await runtime.InferenceSession.create(path).catch((cause: Error) => {
    throw new DataError(`encoder ${path} cannot be loaded: ${cause.message.split("\n")[0]}`, { path, cause });
  });
  try {
    const input = checkInput(path, session.inputMetadata, size);
    const output = chooseOutput(path, session.outputMetadata, options.output);
    const fixed = input.shape?.[0];
    const batch = typeof fixed === "number" && fixed > 0 ? fixed : undefined;
    const names = { input: input.name, output };
    return new Runner(runtime, session, names, size, batch ?? batchSize, batch !== undefined, options);
  } catch (error) {
    await session.release();
    throw error;
  }
}

/** A shape as it can stand in a message. */
const shown = (shape: readonly (number | string)[] | undefined): string => `[${(shape ?? []).join(", ")}]`;

function checkInput(path: string, inputs: readonly ValueInfo[], size: number): ValueInfo {
  const [input] = inputs;
  if (input === undefined || inputs.length !== 1)
    throw new UsageError(
      `encoder ${path}: expected one input, images; it has ${inputs.map(({ name }) => name).join(", ") || "none"}`,
    );
  const { shape = [], type } = input;
  const fits = [undefined, 3, size, size].every(
    (wanted, i) =>
      wanted === undefined || typeof shape[i] !== "number" || shape[i] === wanted || shape[i]! < 0,
  );
  if (type !== "float32" || (shape.length > 0 && (shape.length !== 4 || !fits)))
    throw new UsageError(
      `encoder ${path}: expected an input float32 [batch, 3, ${size}, ${size}], the model takes ${type} ${shown(shape)}`,
    );
  return input;
}

function chooseOutput(path: string, outputs: readonly ValueInfo[], given: string | undefined): string {
  const names = outputs.map(({ name }) => name);
  const chosen =
    given ?? (names.includes("image_embeds") ? "image_embeds" : names.length === 1 ? names[0] : "");
  const info = outputs.find(({ name }) => name === chosen);
  if (info === undefined)
    throw new UsageError(
      `encoder ${path}: expected output to be one of ${names.join(", ")}, got ${given ?? "none"}`,
    );
  if (info.type !== "float32" || (info.shape?.length ?? 2) !== 2)
    throw new UsageError(
      `encoder ${path}: expected features float32 [batch, d] from ${chosen}, the model gives ${info.type} ${shown(info.shape)}`,
    );
  return info.name;
}

class Runner implements OnnxEncoder {
  constructor(
    private readonly runtime: Runtime,
    private readonly session: Session,
    private readonly names: { input: string; output: string },
    readonly size: number,
    readonly batchSize: number,
    /** Whether the model takes batches of that size only. */
    private readonly fixed: boolean,
    private readonly options: OnnxEncoderOptions,
  ) {}

  async encode(images: Tensor): Promise<Tensor> {
    const { size, batchSize } = this;
    if (images.dim !== 4 || images.size(1) !== 3 || images.size(2) !== size || images.size(3) !== size)
      throw new UsageError(`encoder: expected images [b, 3, ${size}, ${size}], got ${images.describe()}`);
    const parts: Tensor[] = [];
    try {
      for (let at = 0; at < images.size(0); at += batchSize) {
        const count = Math.min(batchSize, images.size(0) - at);
        parts.push(await this.batch(this.pixels(images, at, count), count));
      }
      return cat(parts);
    } finally {
      for (const part of parts) part.dispose();
    }
  }

  /** Normalised pixels; a batch of fixed size is filled up with its first image. */
  private pixels(images: Tensor, at: number, count: number): Float32Array {
    return scope(() => {
      const own = images.narrow(0, at, count);
      const missing = this.fixed ? this.batchSize - count : 0;
      const filled = missing > 0 ? cat([own, ...Array(missing).fill(own.narrow(0, 0, 1))]) : own;
      return normalise(filled, this.options.normalise ?? CLIP)
        .to("cpu")
        .data() as Float32Array;
    }, "pixels");
  }

  private async batch(pixels: Float32Array, count: number): Promise<Tensor> {
    const { input, output } = this.names;
    const b = pixels.length / (3 * this.size ** 2);
    const images = new this.runtime.Tensor("float32", pixels, [b, 3, this.size, this.size]);
    const { [output]: features } = await this.session.run({ [input]: images }, [output]);
    if (features?.type !== "float32" || features.dims.length !== 2 || features.dims[0] !== b)
      throw new UsageError(
        `encoder ${this.options.path}: expected features float32 [${b}, d] from ${output}, got ${features?.type} ${shown(features?.dims)}`,
      );
    return scope(
      () =>
        tensor(features.data as Float32Array, { shape: features.dims })
          .narrow(0, 0, count)
          .clone(),
      "encoded",
    );
  }

  close(): Promise<void> {
    return this.session.release();
  }
}
