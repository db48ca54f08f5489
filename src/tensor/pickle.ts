/**
 * @file Python's pickles as data. A pickle is a program for a stack machine that may import and call anything; this one
 * calls nothing: the few names that PyTorch's files need stand for kinds of data, every other name is refused.
 */

import { CheckpointError } from "./errors.ts";

/** A reference to an importable name, as a pickle writes it: "torch FloatStorage". */
export class PickledName {
  constructor(readonly name: string) {}
}

/** What an allowed name makes of its arguments, as data: `make(args)`, and `build(value, state)` for a state set later. */
export interface PickleKind {
  make?: (args: readonly PickleValue[]) => PickleValue;
  build?: (value: PickleValue, state: PickleValue) => void;
}

/** A value of an allowed kind that nobody needs. */
export const IGNORED = Symbol("ignored");

/** Lists and tuples are arrays, dictionaries are Maps; objects are what the allowed kinds make. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickledName
  | typeof IGNORED
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | { readonly kind: string };

export interface PickleOptions {
  /** For messages. */
  path: string;
  /** By "module name". */
  kinds: ReadonlyMap<string, PickleKind>;
  /** What a persistent id stands for. */
  persistent?: (id: PickleValue) => PickleValue;
}

/** Most operations of one pickle, and most marks that are open at once. */
const MOST_OPERATIONS = 5_000_000;
const DEEPEST = 256;

/**
 * The value of the pickle that begins at `start`, and where it ends.
 * @throws {CheckpointError} a name that is not allowed, an operation that only programs need, too many of them, a text
 *   that is cut off; nothing has been executed then
 */
export function unpickle(
  bytes: Uint8Array,
  options: PickleOptions,
  start = 0,
): { value: PickleValue; end: number } {
  const machine = new Machine(bytes, options, start);
  const value = machine.run();
  return { value, end: machine.at };
}

class Machine {
  private readonly view: DataView;
  private stack: PickleValue[] = [];
  private readonly marks: PickleValue[][] = [];
  private readonly memo = new Map<number, PickleValue>();
  /** The kind of each value that has a state to be set. */
  private readonly kindOf = new Map<PickleValue, PickleKind>();

  constructor(
    private readonly bytes: Uint8Array,
    private readonly options: PickleOptions,
    public at: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): PickleValue {
    for (let count = 0; count < MOST_OPERATIONS; count++) {
      const code = this.bytes[this.advance(1)]!;
      if (code === STOP) return this.pop();
      const operation = OPERATIONS.get(code);
      if (operation === undefined)
        this.fail(`operation 0x${code.toString(16)} is not allowed in a checkpoint`);
      operation!(this);
    }
    return this.fail(`more than ${MOST_OPERATIONS} operations`);
  }

  fail(what: string): never {
    throw new CheckpointError(`${this.options.path}: ${what} (pickle, byte ${this.at})`, {
      path: this.options.path,
    });
  }

  /** Position of the next `length` bytes, which are passed. */
  private advance(length: number): number {
    const from = this.at;
    if (!(length <= this.bytes.length - from)) this.fail("the file is cut off");
    this.at += length;
    return from;
  }
  u8 = (): number => this.bytes[this.advance(1)]!;
  u16 = (): number => this.view.getUint16(this.advance(2), true);
  u32 = (): number => this.view.getUint32(this.advance(4), true);
  i32 = (): number => this.view.getInt32(this.advance(4), true);
  u64 = (): number => Number(this.view.getBigUint64(this.advance(8), true));
  f64 = (): number => this.view.getFloat64(this.advance(8), false);
  take(length: number): Uint8Array {
    const from = this.advance(length);
    return this.bytes.subarray(from, from + length);
  }
  text(length: number): string {
    return new TextDecoder().decode(this.take(length));
  }
  /** The line up to the next line feed, which is passed too. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0 || end - this.at > 1000) this.fail("a name without an end");
    const text = this.text(end - this.at);
    this.at++;
    return text;
  }
  /** A little-endian integer of any length, two's complement. */
  long(length: number): number | bigint {
    if (length > 16) this.fail(`an integer of ${length} bytes`);
    let value = 0n;
    const bytes = this.take(length);
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    const signed = length > 0 && bytes[length - 1]! >= 128 ? value - (1n << BigInt(8 * length)) : value;
    return BigInt(Number(signed)) === signed && Number.isSafeInteger(Number(signed))
      ? Number(signed)
      : signed;
  }

  push(value: PickleValue): void {
    this.stack.push(value);
  }
  pop(): PickleValue {
    if (this.stack.length === 0) this.fail("the stack is empty");
    return this.stack.pop()!;
  }
  top(): PickleValue {
    if (this.stack.length === 0) this.fail("the stack is empty");
    return this.stack.at(-1)!;
  }
  mark(): void {
    if (this.marks.length >= DEEPEST) this.fail(`nested more than ${DEEPEST} deep`);
    this.marks.push(this.stack);
    this.stack = [];
  }
  /** Everything since the last mark. */
  popMark(): PickleValue[] {
    const outer = this.marks.pop();
    if (outer === undefined) return this.fail("a mark is missing");
    const items = this.stack;
    this.stack = outer;
    return items;
  }
  put(key: number): void {
    this.memo.set(key, this.top());
  }
  memoize(): void {
    this.memo.set(this.memo.size, this.top());
  }
  get(key: number): void {
    if (!this.memo.has(key)) this.fail(`value ${key} was never stored`);
    this.push(this.memo.get(key)!);
  }

  name(module: PickleValue, name: PickleValue): void {
    if (typeof module !== "string" || typeof name !== "string") this.fail("a name that is no text");
    const full = `${module} ${name}`;
    if (!this.options.kinds.has(full))
      this.fail(
        `${JSON.stringify(full.slice(0, 80).replace(" ", "."))} is not among the names that a checkpoint may use; nothing was executed`,
      );
    this.push(new PickledName(full));
  }
  call(): void {
    const args = this.pop();
    const called = this.pop();
    if (!(called instanceof PickledName) || !Array.isArray(args)) this.fail("a call of what is no name");
    const kind = this.options.kinds.get(called.name)!;
    if (kind.make === undefined) this.fail(`${called.name} is no function`);
    const value = kind.make(args);
    if (kind.build !== undefined) this.kindOf.set(value, kind);
    this.push(value);
  }
  build(): void {
    const state = this.pop();
    const value = this.top();
    this.kindOf.get(value)?.build?.(value, state);
  }
  persistent(): void {
    const { persistent } = this.options;
    if (persistent === undefined) this.fail("a reference to something outside");
    this.push(persistent(this.pop()));
  }
  append(items: readonly PickleValue[]): void {
    const list = this.top();
    if (!Array.isArray(list)) this.fail("items for what is no list");
    for (const item of items) list.push(item);
  }
  set(items: readonly PickleValue[]): void {
    const map = this.top();
    if (!(map instanceof Map) || items.length % 2 !== 0) this.fail("entries for what is no dictionary");
    for (let i = 0; i < items.length; i += 2) map.set(items[i]!, items[i + 1]!);
  }
  tuple(length: number): void {
    const items = Array.from({ length }, () => this.pop());
    this.push(items.reverse());
  }
}

const code = (character: string): number => character.charCodeAt(0);
const STOP = code(".");

const mapOf = (items: readonly PickleValue[]): Map<PickleValue, PickleValue> =>
  new Map(items.flatMap((key, i) => (i % 2 === 0 ? [[key, items[i + 1] ?? null] as const] : [])));

/** The operations of protocols 2 to 5 that data needs, by code. */
const OPERATIONS = new Map<number, (machine: Machine) => void>([
  [0x80, (m) => void m.u8()], // protocol
  [0x95, (m) => void m.u64()], // frame
  [code("("), (m) => m.mark()],
  [code("0"), (m) => void m.pop()],
  [code("1"), (m) => void m.popMark()],
  [code("2"), (m) => m.push(m.top())],
  [code("N"), (m) => m.push(null)],
  [0x88, (m) => m.push(true)],
  [0x89, (m) => m.push(false)],
  [code("J"), (m) => m.push(m.i32())],
  [code("K"), (m) => m.push(m.u8())],
  [code("M"), (m) => m.push(m.u16())],
  [0x8a, (m) => m.push(m.long(m.u8()))],
  [0x8b, (m) => m.push(m.long(m.u32()))],
  [code("G"), (m) => m.push(m.f64())],
  [code("X"), (m) => m.push(m.text(m.u32()))],
  [0x8c, (m) => m.push(m.text(m.u8()))],
  [0x8d, (m) => m.push(m.text(m.u64()))],
  [code("T"), (m) => m.push(m.text(m.u32()))],
  [code("U"), (m) => m.push(m.text(m.u8()))],
  [code("B"), (m) => m.push(m.take(m.u32()))],
  [code("C"), (m) => m.push(m.take(m.u8()))],
  [0x8e, (m) => m.push(m.take(m.u64()))],
  [code("]"), (m) => m.push([])],
  [code(")"), (m) => m.push([])],
  [0x8f, (m) => m.push([])], // set
  [code("a"), (m) => m.append([m.pop()])],
  [code("e"), (m) => m.append(m.popMark())],
  [0x90, (m) => m.append(m.popMark())], // of a set
  [code("l"), (m) => m.push(m.popMark())],
  [code("t"), (m) => m.push(m.popMark())],
  [0x85, (m) => m.tuple(1)],
  [0x86, (m) => m.tuple(2)],
  [0x87, (m) => m.tuple(3)],
  [code("}"), (m) => m.push(new Map())],
  [code("d"), (m) => m.push(mapOf(m.popMark()))],
  [
    code("s"),
    (m) => {
      const value = m.pop();
      m.set([m.pop(), value]);
    },
  ],
  [code("u"), (m) => m.set(m.popMark())],
  [code("q"), (m) => m.put(m.u8())],
  [code("r"), (m) => m.put(m.u32())],
  [0x94, (m) => m.memoize()],
  [code("h"), (m) => m.get(m.u8())],
  [code("j"), (m) => m.get(m.u32())],
  [code("c"), (m) => m.name(m.line(), m.line())],
  [
    0x93,
    (m) => {
      const name = m.pop();
      m.name(m.pop(), name);
    },
  ],
  [code("R"), (m) => m.call()],
  [0x81, (m) => m.call()], // a new object
  [code("b"), (m) => m.build()],
  [code("Q"), (m) => m.persistent()],
]);
