/** @file The encoders of MCR² by name. */

import type { Module } from "../nn/index.ts";
import { hint, type Random, scope, UsageError } from "../tensor/index.ts";
import {
  type EncoderOptions,
  resnet10Mnist,
  resnet18,
  resnet18Control,
  resnet18Stl,
} from "./convolutional/resnet.ts";
import { ResNext29 } from "./convolutional/resnext.ts";
import { Vgg11 } from "./convolutional/vgg.ts";

const ENCODERS: Record<string, (options: EncoderOptions, random: Random) => Module> = {
  resnet18,
  resnet18ctrl: resnet18Control,
  resnet10mnist: resnet10Mnist,
  resnet18stl: resnet18Stl,
  vgg11: (options, random) => new Vgg11(options, random),
  resnext29: (options, random) => new ResNext29(options, random),
};

export const encoderNames = (): string[] => Object.keys(ENCODERS);

/**
 * A freshly initialised encoder: images [n, c, H, W] → features [n, dim], rows of length 1.
 * @throws {UsageError} a name that is not known
 */
export function createEncoder(name: string, options: EncoderOptions, random: Random): Module {
  const create = ENCODERS[name];
  if (create === undefined)
    throw new UsageError(`encoder "${name}" is not known${hint(name, encoderNames())}`);
  return scope(() => create(options, random), "create encoder");
}
