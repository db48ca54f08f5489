/**
 * @file Python's pickles as data. A pickle is a program for a stack machine that may import and call anything; this one
 * calls nothing: known names stand for kinds of data, any other name for an object that is only counted.
 */

import { CheckpointError } from "../base/errors.ts";
import type { Allowance } from "../base/limits.ts";
import { OPERATIONS, STOP } from "./pickle-operations.ts";

/** A reference to an importable name, as a pickle writes it: "torch FloatStorage". */
export class PickledName {
  constructor(readonly name: string) {}
}

/** An instance of a class that is not known here: its name, and what was put into it. */
export class PickledObject {
  readonly kind = "object";
  /** Entries, of subclasses of dict. */
  items?: Map<PickleValue, PickleValue>;
  state?: PickleValue;
  constructor(readonly name: string) {}
  build(state: PickleValue): void {
    this.state = state;
  }
}

/** Lists, tuples and sets are arrays, dictionaries are Maps; the rest is what known names make. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickledName
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | { readonly kind: string; build?(state: PickleValue): void };

/** What a known name makes of its arguments, as data; what it copies is taken from the allowance first. */
export type PickleKind = (args: readonly PickleValue[], allowance: Allowance) => PickleValue;

export interface PickleOptions {
  /** For messages. */
  path: string;
  /** By "module name". */
  kinds: ReadonlyMap<string, PickleKind>;
  allowance: Allowance;
  /** What a persistent id stands for. */
  persistent?: (id: PickleValue) => PickleValue;
  /** Whether the strings of Python 2 are bytes; text unless given. */
  stringsAreBytes?: boolean;
}

/** Most operations of one pickle, and most marks that are open at once. */
const MOST_OPERATIONS = 12_000_000;
const DEEPEST = 256;
/** Integers of more bytes are no settings, and slow to make. */
const LONGEST_INTEGER = 256;

/** Bytes of memory that a value takes here, about. */
export const COST = {
  list: 32,
  item: 12,
  map: 200,
  entry: 48,
  memo: 48,
  text: 32,
  view: 120,
  object: 80,
  place: 24,
};

/** Modules and functions that start programs or open files: no file of weights needs one. */
const DANGEROUS =
  /^(os|posix|nt|sys|subprocess|_posixsubprocess|pty|socket|shutil|importlib|runpy|ctypes|code|commands|webbrowser|pip|timeit|pdb|bdb)(\.\S+)? |^(builtins|__builtin__) (eval|exec|execfile|compile|open|file|input|breakpoint|__import__)$/;

/**
 * The value of the pickle that begins at `start`, and where it ends.
 * @throws {CheckpointError} an operation that only programs need, a name that starts programs, too many operations, more
 *   memory than allowed, a text that is cut off; nothing has been executed then
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

const UTF_8 = new TextDecoder("utf-8", { ignoreBOM: true });

export class Machine {
  private readonly view: DataView;
  private readonly stack: PickleValue[] = [];
  /** The longest that the stack has been. */
  private highest = 0;
  /** Lengths of the stack at the open marks. */
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, PickleValue>();

  constructor(
    private readonly bytes: Uint8Array,
    private readonly options: PickleOptions,
    public at: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): PickleValue {
    for (let count = 0; count < MOST_OPERATIONS; count++) {
      const code = this.u8();
      if (code === STOP) return this.pop();
      const operation = OPERATIONS[code];
      if (operation === undefined)
        return this.fail(`operation 0x${code.toString(16)} is not allowed in a checkpoint`);
      operation(this);
    }
    return this.fail(`more than ${MOST_OPERATIONS} operations`);
  }

  fail(what: string): never {
    throw new CheckpointError(`${this.options.path}: ${what} (pickle, byte ${this.at})`, {
      path: this.options.path,
    });
  }
  private charge(bytes: number): void {
    this.options.allowance.take(bytes);
  }

  /** Position of the next `length` bytes, which are passed. */
  private advance(length: number): number {
    const from = this.at;
    if (!(length <= this.bytes.length - from)) this.fail("the file is cut off");
    this.at += length;
    return from;
  }
  u8 = (): number => this.bytes[this.advance(1)] as number;
  u16 = (): number => this.view.getUint16(this.advance(2), true);
  u32 = (): number => this.view.getUint32(this.advance(4), true);
  i32 = (): number => this.view.getInt32(this.advance(4), true);
  u64 = (): number => Number(this.view.getBigUint64(this.advance(8), true));
  f64 = (): number => this.view.getFloat64(this.advance(8), false);
  take(length: number): Uint8Array {
    const from = this.advance(length);
    this.charge(COST.view);
    return this.bytes.subarray(from, from + length);
  }
  text(length: number): string {
    const from = this.advance(length);
    this.charge(COST.text + 2 * length);
    return UTF_8.decode(this.bytes.subarray(from, from + length));
  }
  /** A string as Python 2 writes it. */
  string(length: number): string | Uint8Array {
    return this.options.stringsAreBytes ? this.take(length) : this.text(length);
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
  long(length: number): PickleValue {
    const bytes = this.take(length);
    if (length > LONGEST_INTEGER) return new PickledObject("builtins int");
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] as number);
    value = BigInt.asIntN(8 * length, value);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  push(value: PickleValue): void {
    if (this.stack.push(value) > this.highest) {
      this.highest = this.stack.length;
      this.charge(COST.place);
    }
  }
  pop(): PickleValue {
    const value = this.top();
    this.stack.length--;
    return value;
  }
  top(): PickleValue {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) this.fail("the stack is empty");
    return this.stack.at(-1) as PickleValue;
  }
  mark(): void {
    if (this.marks.length >= DEEPEST) this.fail(`nested more than ${DEEPEST} deep`);
    this.marks.push(this.stack.length);
  }
  /** Everything since the last mark. */
  popMark(): PickleValue[] {
    const from = this.marks.pop();
    if (from === undefined) return this.fail("a mark is missing");
    return this.stack.splice(from);
  }
  /** Everything since the last mark, as a list or tuple. */
  collect(): void {
    const items = this.popMark();
    this.charge(COST.list + COST.item * items.length);
    this.push(items);
  }
  put(key: number): void {
    this.charge(COST.memo);
    this.memo.set(key, this.top());
  }
  memoize(): void {
    this.put(this.memo.size);
  }
  get(key: number): void {
    const value = this.memo.get(key);
    if (value === undefined) this.fail(`value ${key} was never stored`);
    this.charge(COST.item);
    this.push(value);
  }

  list(): void {
    this.charge(COST.list);
    this.push([]);
  }
  map(items: readonly PickleValue[] = []): void {
    this.charge(COST.map);
    this.push(new Map());
    this.set(items);
  }
  name(module: PickleValue, name: PickleValue): void {
    if (typeof module !== "string" || typeof name !== "string") this.fail("a name that is no text");
    const full = `${module} ${name}`;
    if (DANGEROUS.test(full))
      this.fail(
        `names ${JSON.stringify(full.slice(0, 80).replace(" ", "."))}, which starts programs or opens files and is no part of weights; nothing was executed`,
      );
    this.charge(COST.object);
    this.push(new PickledName(full));
  }
  call(): void {
    const args = this.pop();
    const called = this.pop();
    if (!Array.isArray(args)) this.fail("a call without arguments");
    // also what a call gave may be called; nothing is known of it
    const name = called instanceof PickledName || called instanceof PickledObject ? called.name : "";
    if (name === "") this.fail("a call of what is no name");
    const kind = called instanceof PickledName ? this.options.kinds.get(name) : undefined;
    this.charge(COST.object);
    this.push(kind?.(args, this.options.allowance) ?? new PickledObject(name));
  }
  build(): void {
    const state = this.pop();
    const value = this.top();
    if (typeof value === "object" && value !== null && "build" in value) value.build?.(state);
  }
  persistent(): void {
    const { persistent } = this.options;
    this.charge(COST.object);
    this.push(persistent?.(this.pop()) ?? this.fail("a reference to something outside"));
  }
  append(items: readonly PickleValue[]): void {
    const list = this.top();
    if (list instanceof PickledObject) return; // a deque, of which nothing is needed
    if (!Array.isArray(list)) this.fail("items for what is no list");
    this.charge(COST.item * items.length + (list.length === 0 ? 16 * COST.item : 0));
    for (const item of items) list.push(item);
  }
  set(items: readonly PickleValue[]): void {
    let map = this.top();
    if (map instanceof PickledObject) {
      this.charge(COST.map);
      map.items ??= new Map();
      map = map.items;
    }
    if (!(map instanceof Map) || items.length % 2 !== 0) this.fail("entries for what is no dictionary");
    this.charge((COST.entry * items.length) / 2);
    for (let i = 0; i < items.length; i += 2) map.set(items[i] as PickleValue, items[i + 1] as PickleValue);
  }
  tuple(length: number): void {
    const from = this.stack.length - length;
    if (from < (this.marks.at(-1) ?? 0)) this.fail("the stack is empty");
    this.charge(COST.list + COST.item * length);
    this.push(this.stack.splice(from));
  }
}
