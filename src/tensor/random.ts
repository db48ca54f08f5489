/**
 * @file Named random streams. A stream is a seed and a count of draws: no global generator, so that a new consumer
 * shifts nobody else's numbers, and a stream is saved and restored as two numbers.
 */

import type { TensorOptions } from "./create.ts";
import { native } from "./native.ts";
import { operator } from "./operator.ts";
import { run } from "./run.ts";
import type { Tensor } from "./tensor.ts";

const NORMAL = operator("randn.generator");
const UNIFORM = operator("rand.generator");
const PERMUTATION = operator("randperm.generator");
const INTEGERS = operator("randint.low_generator");

const MASK = (1n << 64n) - 1n;

/** The finaliser of splitmix64: every input bit moves every output bit. */
function mix(value: bigint): bigint {
  let z = (value + 0x9e3779b97f4a7c15n) & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return z ^ (z >> 31n);
}

/** FNV-1a over the name's bytes, started from the parent's seed. */
function hash(seed: bigint, name: string): bigint {
  let h = mix(seed) ^ 0xcbf29ce484222325n;
  for (const byte of Buffer.from(name, "utf8")) h = ((h ^ BigInt(byte)) * 0x100000001b3n) & MASK;
  return mix(h);
}

/** One generator serves every stream: it is seeded anew for each draw. */
let scratch: number | undefined;

export class Random {
  private draws = 0;

  constructor(readonly seed: bigint) {}

  /** The stream of that name below this one: always the same, however much was drawn elsewhere. */
  at(name: string): Random {
    return new Random(hash(this.seed, name));
  }

  private next(): number {
    scratch = native().generator(mix(this.seed + BigInt(this.draws++)), scratch);
    return scratch;
  }

  /** Standard normal numbers. */
  normal(shape: readonly number[], options: TensorOptions = {}): Tensor {
    return this.placed(run(NORMAL, shape, this.next(), options.dtype ?? "float32"), options);
  }
  /** Uniform numbers in [low, high). */
  uniform(shape: readonly number[], low = 0, high = 1, options: TensorOptions = {}): Tensor {
    const unit = run(UNIFORM, shape, this.next(), options.dtype ?? "float32");
    return this.placed(unit.mul_(high - low).add_(low), options);
  }
  /** 0 … n − 1 in random order, int64. */
  permutation(n: number, options: TensorOptions = {}): Tensor {
    return this.placed(run(PERMUTATION, n, this.next(), "int64"), options);
  }
  /** Integers in [low, high), int64. */
  integers(shape: readonly number[], low: number, high: number, options: TensorOptions = {}): Tensor {
    return this.placed(run(INTEGERS, low, high, shape, this.next(), "int64"), options);
  }
  /** One uniform number in [0, 1), without a tensor. */
  number(): number {
    return Number(mix(mix(this.seed) + BigInt(this.draws++)) >> 11n) / 2 ** 53;
  }

  /** Drawn on the CPU and moved, so that every device sees the same numbers. */
  private placed(drawn: Tensor, options: TensorOptions): Tensor {
    if (options.device === undefined || options.device === "cpu") return drawn;
    const moved = drawn.to(options.device);
    drawn.dispose();
    return moved;
  }
}

/** The root stream of a seed. @example random(42).at("model.block.3.U").normal([64, 64]) */
export const random = (seed: number | bigint): Random => new Random(mix(BigInt(seed)));
