/** @file Damage: bits, lengths, pieces and words of a good input, changed by chance. */

/** Whole numbers by chance: from the same seed, the same ones. */
export class Dice {
  #state: number;

  constructor(...seeds: readonly number[]) {
    this.#state = 0x9e3779b9;
    // mixed each time: states of neighbouring numbers must not be neighbours, or one stream is a part of another
    for (const seed of seeds) this.#state = mixed(this.#state ^ seed);
  }

  /** From 0 to n − 1. */
  below(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

/** Each bit of 32 in, about half of the bits out: the end of MurmurHash3. */
function mixed(value: number): number {
  let x = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Lengths and counts that programs get wrong. */
const NUMBERS = [0, 1, -1, 127, 128, 255, 256, 32_767, 65_535, 2 ** 31 - 1, -(2 ** 31), 2 ** 32 - 1];

/** Words that formats of text have, and what stands badly in their places. */
const WORDS = [
  ...'null true [] {} "" [[]] -1 0 1e999 -0 NaN 9007199254740993 1e308 4294967295 0.1 [null] [1,2,3]'.split(
    " ",
  ),
  ...'{"a":{}} "__proto__" "constructor" "\\ud800" "\\u0000" "\\u202e" ../../x , : } ] & * ! ? - | > % @ ` # \t'.split(
    " ",
  ),
  "*a",
  "&a",
  "<<: *a",
  "\n- ",
  "\n? ",
  "\r",
  "\0",
  "\u{1f34e}",
  "9".repeat(400),
  "[".repeat(300),
  '{"a":'.repeat(300),
  "x".repeat(5000), // biome-ignore format: a list
];

/** A damaged copy of one of the seeds: one to eight changes. `tokens` are pieces of the format to put in. */
export function damaged(seeds: readonly Uint8Array[], tokens: readonly Uint8Array[], dice: Dice): Uint8Array {
  let bytes: Uint8Array = Uint8Array.from(dice.of(seeds));
  for (let left = 1 + dice.below(dice.below(8) + 1); left > 0; left--)
    bytes = change(bytes, seeds, tokens, dice);
  return bytes;
}

function change(
  bytes: Uint8Array,
  seeds: readonly Uint8Array[],
  tokens: readonly Uint8Array[],
  dice: Dice,
): Uint8Array {
  const at = dice.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + dice.below(2 ** dice.below(10)));
  const put = (piece: Uint8Array, to = at): Uint8Array =>
    Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(to)]);
  switch (dice.below(tokens.length > 0 ? 11 : 10)) {
    case 0:
    case 1:
      if (at < bytes.length) bytes[at]! ^= 1 << dice.below(8);
      return bytes;
    case 2:
      if (at < bytes.length) bytes[at] = dice.below(256);
      return bytes;
    case 3:
    case 4:
      return number(bytes, at, dice);
    case 5:
      return bytes.subarray(0, at);
    case 6:
      return put(new Uint8Array(0), end);
    case 7:
      return put(repeated(bytes.subarray(at, end), 1 + dice.below(2 ** dice.below(7))));
    case 8: {
      const other = dice.of(seeds);
      const from = dice.below(other.length + 1);
      return put(
        other.subarray(from, from + dice.below(2 ** dice.below(12))),
        dice.below(2) === 0 ? at : end,
      );
    }
    case 9:
      return put(
        Uint8Array.from({ length: end - at }, () => dice.of([0, 0, 255, dice.below(256)])),
        end,
      );
    default:
      return put(dice.of(tokens), dice.below(2) === 0 ? at : end);
  }
}

const repeated = (piece: Uint8Array, times: number): Uint8Array => Buffer.concat(Array(times).fill(piece));

/** An odd number of 2, 4 or 8 bytes in either order, or of Thrift and Protocol Buffers. */
function number(bytes: Uint8Array, at: number, dice: Dice): Uint8Array {
  const value = BigInt(dice.of([...NUMBERS, bytes.length, bytes.length + 1, 2 ** 53, dice.below(2 ** 31)]));
  const width = dice.of([2, 4, 8]);
  if (dice.below(3) === 0 || at + width > bytes.length) {
    const varint: number[] = [];
    for (let left = BigInt.asUintN(64, value); ; left >>= 7n) {
      varint.push(Number(left & 127n) | (left > 127n ? 128 : 0));
      if (left <= 127n) break;
    }
    return Buffer.concat([bytes.subarray(0, at), Uint8Array.from(varint), bytes.subarray(at + 1)]);
  }
  const wide = Buffer.alloc(8);
  wide.writeBigUInt64LE(BigInt.asUintN(64, value));
  const piece = wide.subarray(0, width);
  bytes.set(dice.below(2) === 0 ? piece : piece.reverse(), at);
  return bytes;
}

/** A text with words replaced, put in or taken out, lines repeated or moved. */
export function damagedText(seeds: readonly string[], dice: Dice): string {
  let parts = dice.of(seeds).split(/(\w+|\s+)/);
  for (let left = 1 + dice.below(dice.below(6) + 1); left > 0; left--) {
    const at = dice.below(parts.length + 1);
    const end = at + dice.below(2 ** dice.below(8));
    const kind = dice.below(5);
    if (kind === 0) parts.splice(at, 1, dice.of(WORDS));
    else if (kind === 1) parts.splice(at, 0, dice.of(WORDS));
    else if (kind === 2) parts.splice(at, end - at);
    else if (kind === 3) parts.splice(dice.below(parts.length + 1), 0, ...parts.slice(at, end));
    else parts = dice.of(seeds).split(/(\w+|\s+)/).slice(0, at).concat(parts.slice(at)); // biome-ignore format: one step
  }
  return parts.join("");
}

/** JSON with one to four of its values replaced by odd ones, each where it stands. */
export function damagedJson(seeds: readonly string[], dice: Dice): string {
  const tree = { top: JSON.parse(dice.of(seeds)) as unknown };
  const places: [Record<string, unknown>, string][] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const holder = value as Record<string, unknown>;
    for (const key of Object.keys(holder)) {
      places.push([holder, key]);
      walk(holder[key]);
    }
  };
  walk(tree);
  for (let left = 1 + dice.below(4); left > 0; left--) {
    const [holder, key] = dice.of(places);
    const kind = dice.below(8);
    if (kind === 0) delete holder[key];
    else if (kind === 1) holder[dice.of(["__proto__x", "x", "0", ""])] = holder[key];
    else holder[key] = oddValue(dice, holder[key]);
  }
  return JSON.stringify(tree.top) ?? "";
}

function oddValue(dice: Dice, old: unknown): unknown {
  const odd: readonly unknown[] = [null, true, "", [], {}, 0, -1, 0.5, -0, 1e308, 2 ** 53 - 1, 2 ** 32, 2 ** 31, "x", "NaN", [[]], [null], "\u0000\u202e\ud800", [old], { old }, String(old), [old, old]]; // biome-ignore format: a list
  return dice.of(odd);
}
