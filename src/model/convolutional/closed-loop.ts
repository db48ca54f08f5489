/** @file The families of closed-loop transcription: pairs of encoder and decoder, and encoders alone. */

import { z } from "zod";
import { width } from "../../base/bounds.ts";
import { type Size, sameSize, sizeInWords } from "../../base/size.ts";
import type { Random } from "../../tensor/index.ts";
import type { ClosedLoopNets, Conflict, Family, Form } from "../family.ts";
import { channels, features, images } from "../settings.ts";
import { DcganDecoder, DcganEncoder, type DcganOptions } from "./dcgan.ts";
import { SNGAN_WIDTHS, SnganDecoder, SnganEncoder, snganCount } from "./sngan.ts";

export interface ClosedLoopNetOptions {
  channels: number;
  /** d, 128 unless given. */
  features?: number;
  /** Channels of the encoder's first stage (DCGAN kinds, 64), or of the decoder's start (SNGAN kinds). */
  width?: number;
  start?: "normal" | "pytorch";
}

const DCGAN_BETAS = [0.5, 0.999] as const;
const SNGAN_BETAS = [0, 0.9] as const;
const pairWidth = width
  .exactOptional()
  .describe(
    "channels of the encoder's first stage, or of the decoder's first layer (sngan) (default: the authors')",
  );
const pairSettings = z.strictObject({ features, width: pairWidth, channels });

/** What differs between the DCGAN kinds. */
type Kind = Pick<DcganOptions, "names" | "double"> & { wide?: boolean };

function dcgan(name: string, about: string, kind: Kind): Family {
  const { wide = false, ...names } = kind;
  const optionsOf = ({ channels, features = 128, start }: ClosedLoopNetOptions) => ({
    ...{ ...names, channels, features },
    ...(start && { start }),
  });
  const encoderWidths = ({ width: w = 64 }: ClosedLoopNetOptions) => [w, 2 * w, 4 * w] as const;
  const decoderWidths = ({ width: w = 64 }: ClosedLoopNetOptions) =>
    wide ? ([8 * w, 4 * w, 2 * w] as const) : ([4 * w, 2 * w, w] as const);
  const encoder = (options: ClosedLoopNetOptions, random: Random) =>
    new DcganEncoder({ ...optionsOf(options), widths: encoderWidths(options) }, random.at("encoder"));
  const doubles = (widths: readonly number[]) =>
    names.double ? widths.reduce((sum, w) => sum + 9 * w * w + 2 * w, 0) : 0;
  const encoderCount = (options: ClosedLoopNetOptions) => {
    const [a, b, c] = encoderWidths(options);
    const { channels, features: d = 128 } = options;
    return 16 * (channels * a + a * b + b * c + c * d) + 2 * (b + c) + doubles([a, b, c]);
  };
  const decoderCount = (options: ClosedLoopNetOptions) => {
    const [a, b, c] = decoderWidths(options);
    const { channels, features: d = 128 } = options;
    return 16 * (d * a + a * b + b * c + c * channels) + 2 * (a + b + c) + doubles([a, b, c]);
  };
  return {
    ...{ name, about, shown: { features: 128, channels: name === "ctrl_mnist" ? 1 : 3 } },
    forms: {
      pair: {
        ...{ imageSize: 32, betas: DCGAN_BETAS, options: pairSettings, given: ["start"] },
        build: (options: ClosedLoopNetOptions, random): ClosedLoopNets => ({
          encoder: encoder(options, random),
          decoder: new DcganDecoder(
            { ...optionsOf(options), widths: decoderWidths(options) },
            random.at("decoder"),
          ),
        }),
        count: (options: ClosedLoopNetOptions) => encoderCount(options) + decoderCount(options),
      },
      encoder: {
        options: z.strictObject({
          features,
          width: width.default(64).describe("channels of the first stage"),
          ...images,
        }),
        given: ["start"],
        build: encoder,
        count: encoderCount,
        check: ({ imageSize = 32 }: { imageSize?: Size }): Conflict | undefined =>
          sameSize(imageSize, 32)
            ? undefined
            : {
                key: "imageSize",
                message: `${sizeInWords(imageSize)} is not 32, the side of ${name}'s images`,
              },
      },
    },
  };
}

function sngan(size: 32 | 48 | 128, about: string): Family {
  const sizesOf = ({ channels, features = 128, width = SNGAN_WIDTHS[size] }: ClosedLoopNetOptions) => ({
    ...{ size, channels, features, width },
  });
  const pair: Form<ClosedLoopNets> = {
    options: pairSettings,
    build: (options: ClosedLoopNetOptions, random) => ({
      encoder: new SnganEncoder(sizesOf(options), random.at("encoder")),
      decoder: new SnganDecoder(sizesOf(options), random.at("decoder")),
    }),
    count: (options: ClosedLoopNetOptions) => snganCount(sizesOf(options)),
    check: ({ width = 16 }: ClosedLoopNetOptions): Conflict | undefined =>
      width % 16 === 0 ? undefined : { key: "width", message: `${width} is not divisible by 16` },
  };
  return {
    ...{ name: `ctrl_sngan_${size}`, about, shown: { features: 128, channels: 3 } },
    forms: { pair: { ...pair, imageSize: size, betas: SNGAN_BETAS } },
  };
}

export const ctrlMnist = dcgan("ctrl_mnist", "DCGAN kind, flat names: MNIST", { names: "flat" });
export const ctrlCifar = dcgan("ctrl_cifar", "DCGAN kind in blocks (mini_dcgan): CIFAR-10", {
  names: "blocks",
});
export const ctrlCifarDouble = dcgan("ctrl_cifar_double", "the same with doubled stages", {
  names: "blocks",
  double: true,
});
export const ictrl = dcgan("ictrl", "DCGAN kind with the wider decoder of i-CTRL", {
  names: "flat",
  wide: true,
});
export const ctrlSngan32 = sngan(32, "residual, spectral norm: CIFAR-10");
export const ctrlSngan48 = sngan(48, "residual, spectral norm: STL-10");
export const ctrlSngan128 = sngan(128, "residual, spectral norm: faces, rooms, ImageNet");
