/** @file Four rows times eight columns by WebAssembly, four numbers at a time; nothing where a page's policy refuses it. */

/** Numbers of instructions that the kernel is made of. */
const [GET, SET, CONST, ADD, SUB] = [0x20, 0x21, 0x41, 0x6a, 0x6b];
const [LOOP, NO_VALUE, BRANCH_IF, END] = [0x03, 0x40, 0x0d, 0x0b];
const [LOAD, LOAD_SPLAT, STORE, ADD4, MUL4] = [[0xfd, 0], [0xfd, 9], [0xfd, 11], [0xfd, 0xe4, 1], [0xfd, 0xe6, 1]]; // biome-ignore format: one line
const [I32, V128] = [0x7f, 0x7b];

export const ROWS = 4;
export const COLUMNS = 8;

/** Parameters and locals: addresses in bytes; rows of A; sums; a row of B. */
const [A, B, C, K, STEP_A, STEP_B, STEP_C] = [0, 1, 2, 3, 4, 5, 6];
const rowOf = (r: number): number => (r === 0 ? A : 6 + r); //                  7, 8, 9
const sumOf = (r: number, half: number): number => 10 + 2 * r + half; //        10 … 17
const bOf = (half: number): number => 18 + half;
const X = 20;
const each = <T>(count: number, make: (i: number) => T[]): T[] => Array.from({ length: count }, (_, i) => make(i)).flat(); // biome-ignore format: one line
/** Aligned to four bytes. */
const at = (offset: number): number[] => [2, offset];

/**
 * tile(a, b, c, k, stepA, stepB, stepC): C [4, 8] = A [4, k] B [k, 8], each step the bytes from row to row
 *
 *     loop k times: b₀ b₁ = B's row; for each row r: x = A's entry four times; sᵣ₀ += x b₀; sᵣ₁ += x b₁
 */
const BODY = [
  ...each(ROWS - 1, (r) => [GET, rowOf(r), GET, STEP_A, ADD, SET, rowOf(r + 1)]),
  ...[LOOP, NO_VALUE],
  ...each(2, (half) => [GET, B, ...LOAD, ...at(16 * half), SET, bOf(half)]),
  ...each(ROWS, (r) => [
    ...[GET, rowOf(r), ...LOAD_SPLAT, ...at(0), SET, X],
    ...each(2, (half) => [
      ...[GET, sumOf(r, half), GET, X, GET, bOf(half), ...MUL4, ...ADD4, SET, sumOf(r, half)],
    ]),
    ...[GET, rowOf(r), CONST, 4, ADD, SET, rowOf(r)],
  ]),
  ...[GET, B, GET, STEP_B, ADD, SET, B],
  ...[GET, K, CONST, 1, SUB, SET, K, GET, K, BRANCH_IF, 0, END],
  ...each(ROWS, (r) => [
    ...each(2, (half) => [GET, C, GET, sumOf(r, half), ...STORE, ...at(16 * half)]),
    ...[GET, C, GET, STEP_C, ADD, SET, C],
  ]),
  END,
];

/** A length in seven bits a byte. */
const sized = (bytes: readonly number[]): number[] => {
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) return [...length, ...bytes];
  }
};
const text = (letter: string): number[] => [1, letter.charCodeAt(0)];

const MODULE = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, ...sized([1, 0x60, 7, ...each(7, () => [I32]), 0])], //                types: seven numbers, nothing
  ...[2, ...sized([1, ...text("m"), ...text("m"), 2, 0, 1])], //                a memory is given
  ...[3, 2, 1, 0], //                                                           one function
  ...[7, ...sized([1, ...text("f"), 0, 0])], //                                 exported
  ...[10, ...sized([1, ...sized([2, 3, I32, 11, V128, ...BODY])])], //          its locals and its code
]);

export interface Simd {
  tile(a: number, b: number, c: number, k: number, stepA: number, stepB: number, stepC: number): void;
  /** So many numbers at least; what was there is gone where it grew. */
  numbers(count: number): Float32Array;
}

const PAGE = 2 ** 16;
/** Larger products are left to plain JavaScript. */
export const MOST_NUMBERS = 2 ** 24;

/** What is used of WebAssembly, which every engine has and no library of types here names. */
interface Wasm {
  Memory: new (size: { initial: number }) => { buffer: ArrayBuffer; grow(pages: number): number };
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { exports: { f: Simd["tile"] } };
}

function open(): Simd | undefined {
  try {
    const { Memory, Module, Instance } = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly;
    const memory = new Memory({ initial: 1 });
    const { exports } = new Instance(new Module(MODULE), { m: { m: memory } });
    let whole = new Float32Array(memory.buffer);
    return {
      tile: exports.f,
      numbers(count) {
        if (whole.length < count) {
          memory.grow(Math.ceil((4 * count - memory.buffer.byteLength) / PAGE));
          whole = new Float32Array(memory.buffer);
        }
        return whole;
      },
    };
  } catch {
    return undefined;
  }
}

/** Made when the first product is asked for. */
let opened: { simd: Simd | undefined } | undefined;

export function simd(): Simd | undefined {
  opened ??= { simd: open() };
  return opened.simd;
}
