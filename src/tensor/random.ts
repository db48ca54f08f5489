/**
 * @file Named random streams. A stream is a seed and a count of draws: no global generator, so that a new consumer
 * shifts nobody else's numbers, and a stream is saved and restored as two numbers.
 */

import { UsageError } from "../base/errors.ts";
import { type TensorOptions, tensor } from "./create.ts";
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

/** Some rows of a batch whose others are in other processes. */
export interface Rows {
  /** Rows of the whole batch. */
  readonly whole: number;
  /** Which of them these are. */
  readonly at: ArrayLike<number>;
}

export class Random {
  private draws = 0;

  constructor(
    readonly seed: bigint,
    private readonly rows?: Rows,
  ) {}

  /** The stream of that name below this one: always the same, however much was drawn elsewhere. */
  at(name: string): Random {
    return new Random(hash(this.seed, name), this.rows);
  }

  /**
   * This stream from its start, and those below it, for some rows of a batch: the first dimension of every draw is
   * theirs. All rows are drawn, and these kept, so that a row has the same numbers whichever process holds it.
   */
  of(rows: Rows | undefined): Random {
    return rows === undefined ? this : new Random(this.seed, rows);
  }

  /** The same for so many copies of the rows, one batch of them after the other. */
  times(copies: number): Random {
    if (this.rows === undefined) return this;
    const { whole, at } = this.rows;
    const all = Array.from({ length: copies }, (_, copy) => Array.from(at, (row) => copy * whole + row));
    return this.of({ whole: copies * whole, at: all.flat() });
  }

  /** Something for each of `count` rows, drawn one after the other. */
  each<T>(count: number, draw: (random: Random) => T): T[] {
    const of = (random: Random, rows: number) => Array.from({ length: rows }, () => draw(random));
    if (this.rows === undefined) return of(this, count);
    const { whole, at } = this.ofRows([count]);
    const all = of(new Random(this.seed), whole);
    return Array.from(at, (row) => all[row]!);
  }

  private next(): number {
    scratch = native().generator(mix(this.seed + BigInt(this.draws++)), scratch);
    return scratch;
  }

  /** Standard normal numbers. */
  normal(shape: readonly number[], options: TensorOptions = {}): Tensor {
    const draw = (size: readonly number[]) => run(NORMAL, size, this.next(), options.dtype ?? "float32");
    return this.placed(this.drawn(shape, draw), options);
  }
  /** Uniform numbers in [low, high). */
  uniform(shape: readonly number[], low = 0, high = 1, options: TensorOptions = {}): Tensor {
    const draw = (size: readonly number[]) => run(UNIFORM, size, this.next(), options.dtype ?? "float32");
    const unit = this.drawn(shape, draw);
    return this.placed(unit.mul_(high - low).add_(low), options);
  }
  /** 0 … n − 1 in random order, int64. */
  permutation(n: number, options: TensorOptions = {}): Tensor {
    this.requireWhole("a permutation");
    return this.placed(run(PERMUTATION, n, this.next(), "int64"), options);
  }
  /** Integers in [low, high), int64. */
  integers(shape: readonly number[], low: number, high: number, options: TensorOptions = {}): Tensor {
    const draw = (size: readonly number[]) => run(INTEGERS, low, high, size, this.next(), "int64");
    return this.placed(this.drawn(shape, draw), options);
  }
  /** One uniform number in [0, 1), without a tensor. */
  number(): number {
    this.requireWhole("one number");
    return Number(mix(mix(this.seed) + BigInt(this.draws++)) >> 11n) / 2 ** 53;
  }

  /** For all rows, and narrowed to these; as it is where there are none. */
  private drawn(shape: readonly number[], draw: (size: readonly number[]) => Tensor): Tensor {
    if (this.rows === undefined) return draw(shape);
    const { whole, at } = this.ofRows(shape);
    using all = draw([whole, ...shape.slice(1)]);
    using rows = tensor(BigInt64Array.from(Array.from(at, BigInt)));
    return all.indexSelect(0, rows);
  }

  private ofRows(shape: readonly number[]): Rows {
    const { whole, at } = this.rows!;
    if (shape[0] === at.length) return this.rows!;
    throw new UsageError(
      `random: expected a draw for ${at.length} rows of a batch of ${whole}, got [${shape}]; draw what is not of rows from a stream without them`,
    );
  }

  private requireWhole(what: string): void {
    if (this.rows !== undefined)
      throw new UsageError(
        `random: ${what} is not of rows; draw it from a stream without them, or with each()`,
      );
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
