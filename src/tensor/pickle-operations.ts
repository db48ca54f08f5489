/** @file The operations of pickles that data needs, protocols 2 to 5; others are refused. */

import type { Machine } from "./pickle.ts";

const code = (character: string): number => character.charCodeAt(0);
export const STOP = code(".");

const LIST: readonly (readonly [number, (machine: Machine) => void])[] = [
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
  [code("T"), (m) => m.push(m.string(m.u32()))],
  [code("U"), (m) => m.push(m.string(m.u8()))],
  [code("B"), (m) => m.push(m.take(m.u32()))],
  [code("C"), (m) => m.push(m.take(m.u8()))],
  [0x8e, (m) => m.push(m.take(m.u64()))],
  [0x96, (m) => m.push(m.take(m.u64()))], // a bytearray
  [code("]"), (m) => m.list()],
  [code(")"), (m) => m.list()],
  [0x8f, (m) => m.list()], // a set
  [code("a"), (m) => m.append([m.pop()])],
  [code("e"), (m) => m.append(m.popMark())],
  [0x90, (m) => m.append(m.popMark())], // of a set
  [code("l"), (m) => m.collect()],
  [code("t"), (m) => m.collect()],
  [0x91, (m) => m.collect()], // a frozen set
  [0x85, (m) => m.tuple(1)],
  [0x86, (m) => m.tuple(2)],
  [0x87, (m) => m.tuple(3)],
  [code("}"), (m) => m.map()],
  [code("d"), (m) => m.map(m.popMark())],
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
  [
    0x92, // and with named arguments, which only unknown classes have
    (m) => {
      m.pop();
      m.call();
    },
  ],
  [code("b"), (m) => m.build()],
  [code("Q"), (m) => m.persistent()],
];

/** By code. */
export const OPERATIONS: readonly (((machine: Machine) => void) | undefined)[] = (() => {
  const table = new Array<((machine: Machine) => void) | undefined>(256).fill(undefined);
  for (const [operation, action] of LIST) table[operation] = action;
  return table;
})();
