/** @file Image encoders as ONNX models that the user names: images in, features out. */

import { existsSync } from "node:fs";
import { DataError, UsageError } from "../../base/errors.ts";
import { type DType, dtypeOf, isTypedArray } from "../../tensor/dtype.ts";
import { cat, scope, type Tensor, tensor } from "../../tensor/index.ts";
import { normalise } from "../augment/augment.ts";
import { localFile } from "../hub/fetch.ts";
import type { Normalisation } from "../sets/normalise.ts";
import { checkInput, chooseOutput, type EncoderInput, type PixelType, shown } from "./encoder-ends.ts";
import { loadRuntime, type Runtime, type Session, type Value } from "./runtime.ts";

/** Mean and standard deviation per channel of the images that CLIP was trained on. */
export const CLIP: Normalisation = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

/** An encoder, and the images it wants: those of CLIP unless said otherwise. */
export interface OnnxEncoderOptions {
  /** The ONNX file, or where it is on the hub, as in `localFile`. */
  path: string;
  /** Side of its square input in pixels; the model's when left out, 224 for a model that takes any. */
  size?: number;
  /** Element type of its input, which the model says; another one is refused. */
  dtype?: PixelType;
  /** Pixels of an image's shorter side before the central square is cut out; `size` when left out. */
  short?: number;
  /** How images are resized: "cubic" when left out, or "linear"; both with anti-aliasing. */
  kernel?: "cubic" | "linear";
  /** Mean and standard deviation of pixels in [0, 1]; CLIP's when left out. A model that takes bytes gets bytes. */
  normalise?: Normalisation;
  /** The output that holds the features; "image_embeds", or the only one, when left out. */
  output?: string;
  /** Images at a time; 32 when left out. A model with a fixed batch has its own. */
  batchSize?: number;
}

export interface OnnxEncoder {
  readonly size: number;
  readonly batchSize: number;
  /** What it takes and gives, in one line. */
  readonly about: string;
  /** Images [b, 3, size, size], bytes or floats of 0 to 255 → float32 [b, d]. @throws {DataError} it cannot run */
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
  const { size, batchSize = 32, short, output } = options;
  for (const [key, value] of Object.entries({ size, batchSize, short }))
    if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= LARGEST))
      throw new UsageError(
        `encoder: expected ${key} to be a whole number from 1 to ${LARGEST}, got ${value}`,
      );
  const runtime = await loadRuntime();
  const path = await localFile(options.path, { wanted: "encoder" });
  if (!existsSync(path)) throw new DataError(`encoder ${path} is missing`, { path });
  const session = await runtime.InferenceSession.create(path, SILENT).catch((cause: Error) => {
    throw new DataError(`encoder ${path} cannot be loaded: ${firstLine(cause)}`, { path, cause });
  });
  try {
    const input = checkInput(path, session.inputMetadata, options);
    if (short !== undefined && short < input.size)
      throw new UsageError(`encoder: expected short from the size, ${input.size}, on, got ${short}`);
    const chosen = chooseOutput(path, session.outputMetadata, output);
    return new Runner(runtime, session, input, chosen, input.batch ?? batchSize, options);
  } catch (error) {
    await session.release();
    throw error;
  }
}

/** The runtime writes nothing of its own: what fails is said once, by us. */
const SILENT = { logSeverityLevel: 4 } as const;

/** Pixels of a side, and images of a batch. */
const LARGEST = 8192;

const firstLine = ({ message }: Error): string => message.split("\n")[0]!;

class Runner implements OnnxEncoder {
  readonly size: number;

  constructor(
    private readonly runtime: Runtime,
    private readonly session: Session,
    private readonly input: EncoderInput,
    private readonly output: string,
    readonly batchSize: number,
    private readonly options: OnnxEncoderOptions,
  ) {
    this.size = input.size;
  }

  get about(): string {
    const { dtype, size, last } = this.input;
    const pixels =
      dtype === "uint8" ? "bytes" : this.options.normalise ? "normalised" : "of CLIP's mean and std";
    const shape = last ? `[b, ${size}, ${size}, 3]` : `[b, 3, ${size}, ${size}]`;
    return `encoder ${this.options.path}: images ${dtype} ${shape}, ${pixels}; features from ${this.output}`;
  }

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

  /** What the model is given; a batch of fixed size is filled up with its first image. */
  private pixels(images: Tensor, at: number, count: number): Value {
    const { batch, dtype, last, size } = this.input;
    return scope(() => {
      const own = images.narrow(0, at, count);
      const missing = Math.max(0, (batch ?? 0) - count);
      const filled = missing > 0 ? cat([own, ...Array(missing).fill(own.narrow(0, 0, 1))]) : own;
      const values = dtype === "uint8" ? filled : normalise(filled, this.options.normalise ?? CLIP);
      const placed = last ? values.permute([0, 2, 3, 1]) : values; // [b, size, size, 3], or [b, 3, size, size]
      const shape = last ? [filled.size(0), size, size, 3] : [filled.size(0), 3, size, size];
      return new this.runtime.Tensor(dtype, placed.to("cpu").to(dtype).contiguous().data(), shape);
    }, "pixels");
  }

  private async batch(images: Value, count: number): Promise<Tensor> {
    const { input, output, options } = this;
    const b = images.dims[0]!;
    const { [output]: features } = await this.session
      .run({ [input.name]: images }, [output], SILENT)
      .catch((cause: Error) => {
        throw new DataError(`encoder ${options.path} cannot run: ${firstLine(cause)}`, {
          path: options.path,
          cause,
        });
      });
    const { dims = [], type = "nothing" } = features ?? {};
    if (!isTypedArray(features?.data) || dims[0] !== b || dims.slice(2).some((size) => size !== 1))
      throw new DataError(
        `encoder ${options.path}: expected features [${b}, d] from ${output}, got ${type} ${shown(dims)}`,
        { path: options.path },
      );
    const { data } = features;
    // half precision comes as its 16 bits
    const dtype: DType = type === "float16" ? "float16" : dtypeOf(data);
    const shape = [b, dims[1] ?? 1];
    return scope(() => tensor(data, { shape, dtype }).narrow(0, 0, count).to("float32").clone(), "encoded");
  }

  close(): Promise<void> {
    return this.session.release();
  }
}
