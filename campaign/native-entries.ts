/** @file Every entry of the addon with every kind of value, from detached buffers to numbers that are no sizes. */

import { native } from "../src/tensor/index.ts";
import type { Dice } from "./native-random.ts";

type Entry = keyof ReturnType<typeof native>;

/** Entries that would change how later calls fail. */
const LEFT_OUT: readonly string[] = ["setErrorFactory"];

export const entryNames = (): string[] => Object.keys(native()).filter((name) => !LEFT_OUT.includes(name));

function detached(): ArrayBuffer {
  const buffer = new ArrayBuffer(32);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

const resizable = (length: number): ArrayBuffer =>
  Reflect.construct(ArrayBuffer, [length, { maxByteLength: 2 * length }]);

/** An array over a buffer that has become shorter than it. */
function shrunk(): Int32Array {
  const buffer = resizable(64);
  const array = new Int32Array(buffer);
  (buffer as unknown as { resize(length: number): void }).resize(4);
  return array;
}

/** An array whose second entry is made by a function that does something else first. */
function trapped(action: () => void, values: unknown[]): unknown[] {
  const array = [...values];
  Object.defineProperty(array, 1, {
    get() {
      action();
      return values[1];
    },
  });
  return array;
}

/** One value of any kind. `handle` is a live tensor's; `operator` an operator's index. */
function value(dice: Dice, handle: number, operator: number): unknown {
  const addon = native();
  const buffer = new ArrayBuffer(48);
  const kinds: (() => unknown)[] = [
    () => handle,
    () => handle,
    () => operator,
    () => BigInt(handle),
    () => handle + 2 ** 32,
    () => handle + 0.5,
    () => handle + 2 ** 20,
    () =>
      dice.pick([
        0,
        1,
        -1,
        -0,
        2,
        12,
        48,
        2 ** 31,
        2 ** 53,
        -(2 ** 53),
        1e308,
        Number.NaN,
        Infinity,
        -Infinity,
      ]),
    () => dice.pick([0n, -1n, 1n, 2n ** 63n, 2n ** 64n, -(2n ** 70n)]),
    () =>
      dice.pick([
        "",
        "float32",
        "cpu",
        "aten::relu",
        "aten::add.Tensor",
        "a\0b",
        "é\ud800",
        "x".repeat(10_000),
        "cuda:999",
        "bool",
      ]),
    () => dice.pick([null, undefined, true, false, Symbol("s"), () => 1]),
    () => [handle],
    () => Int32Array.of(handle),
    () => Int32Array.of(handle, 0, -1),
    () => [handle, null, handle],
    () => [2, 6],
    () => [12],
    () => [-1, -12],
    () => [Number.NaN],
    () => [Infinity, 0],
    () => [2 ** 53, 2 ** 53, 0],
    () => [2 ** 32, 2 ** 32],
    () => new Array(2 ** 31),
    () => [{ valueOf: () => handle }],
    () => ({
      valueOf: () => {
        throw new Error("no");
      },
    }),
    () => Object.freeze({ length: 3 }),
    () => ({ self: handle, nothing: 1 }),
    () => new Proxy([handle], {}),
    () => buffer,
    () => detached(),
    () => resizable(48),
    () => new SharedArrayBuffer(48),
    () => shrunk(),
    () => new Float64Array(3),
    () => new DataView(buffer),
    () => trapped(() => structuredClone(buffer, { transfer: [buffer] }), [2, 6]),
    () => trapped(() => addon.release([handle]), [handle, handle]),
    () => trapped(() => void addon.share(handle), [handle, handle]),
    () =>
      trapped(() => {
        throw new Error("trap");
      }, [1, 2]),
  ];
  return dice.pick(kinds)();
}

/** Calls one entry with random values, and frees the handles that it gives out. */
export function callEntry(dice: Dice, name: string, operators: readonly number[]): void {
  const addon = native();
  const handle = addon.fromBuffer(new Float32Array(12).buffer, 0, 48, [2, 6], "float32", dice.chance(0.2));
  const right = rightArguments(dice, name, handle, dice.pick(operators));
  const some = () => value(dice, handle, dice.pick(operators));
  const args = (right ?? Array.from({ length: dice.below(8) }, some)).map((given) =>
    dice.chance(0.25) ? some() : given,
  );
  let given: unknown;
  try {
    given = (addon[name as Entry] as (...args: unknown[]) => unknown)(...args);
  } finally {
    for (const one of [handle, given].flat())
      if (typeof one === "number" || typeof one === "bigint") {
        try {
          addon.release(Number(one)); // what the call freed itself, or what is no handle, is refused
        } catch {}
      }
    addon.setThreads(1);
    addon.setGradMode(true);
    addon.setDeterministic(false);
    addon.setAutocast("cpu", null, false);
  }
}

/** Arguments that the entry takes, of which some are then replaced. */
function rightArguments(dice: Dice, name: string, handle: number, operator: number): unknown[] | undefined {
  const known: Record<string, unknown[]> = {
    fromBuffer: [new ArrayBuffer(48), 0, 48, [2, 6], "float32", dice.chance(0.5)],
    call: [operator, handle, handle],
    callChecked: [operator, [BigInt(handle)], null],
    gradients: [[handle], [handle], null, false, false],
    setRequiresGrad: [handle, true],
    setAutocast: ["cpu", "bfloat16", true],
    generator: [7n],
    adjustMemory: [dice.pick([1, -1, 1000])],
    setThreads: [dice.pick([1, 2])],
    find: [dice.pick(["aten::relu", "aten::nothing", "", "::", "aten::", ".", "aten::add."])],
  };
  return known[name] ?? (dice.chance(0.7) ? [handle] : undefined);
}
