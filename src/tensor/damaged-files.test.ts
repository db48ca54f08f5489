/** @file Good files with some bytes changed are tensors or a CheckpointError in one line, whichever bytes they are. */

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { CheckpointError } from "../base/errors.ts";
import { scope } from "./index.ts";
import { serialiseSafetensors } from "./safetensors.ts";
import { storedIn, tensorsOf } from "./tensor-file.ts";
import { parseTorch } from "./torch-file.ts";

const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../test/weights/${name}`, import.meta.url)));

/** An archive without checksums, as PyTorch can write them: changes reach what is inside. */
function unchecked(archive: Uint8Array): Uint8Array {
  const bytes = Buffer.from(archive);
  for (let at = bytes.indexOf("PK\x01\x02"); at >= 0; at = bytes.indexOf("PK\x01\x02", at + 1))
    bytes.fill(0, at + 16, at + 20);
  return new Uint8Array(bytes);
}

const dtypes = fixture("dtypes.pth");
const FILES: Record<string, Uint8Array> = {
  ...Object.fromEntries(
    ["beside-2.pth", "beside-5.pth", "dtypes.pth"].map((name) => [name, unchecked(fixture(name))]),
  ),
  ...Object.fromEntries(["beside-legacy.pth", "dtypes-legacy.pth"].map((name) => [name, fixture(name)])),
  "weights.safetensors": new Uint8Array(
    Buffer.concat(
      serialiseSafetensors(
        new Map([...parseTorch(dtypes).entries].filter(([, { dtype }]) => !/complex(32|128)/.test(dtype))),
      ),
    ),
  ),
};

/** Reads everything that can be read, also as libtorch's tensors. */
function attempt(bytes: Uint8Array, name: string): void {
  const reads = [
    () => scope(() => tensorsOf(storedIn(bytes, name), name).metadata),
    () => name.endsWith("h") && parseTorch(bytes, name, { all: true }),
  ];
  for (const read of reads)
    try {
      read();
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      expect(error.message).toMatch(new RegExp(`^${name}: [^\\p{Cc}]+$`, "u"));
    }
}

const change = (length: number) =>
  fc.oneof(
    fc.tuple(fc.nat(length - 1), fc.nat(255)).map(([at, byte]) => (bytes: Uint8Array) => {
      bytes[at] = byte;
    }),
    // another piece of the same file
    fc
      .tuple(fc.nat(length - 1), fc.nat(length - 1), fc.nat(20))
      .map(([to, from, n]) => (bytes: Uint8Array) => {
        bytes.copyWithin(to, from, from + n);
      }),
  );

test.each(Object.keys(FILES))("%s, changed", (name) => {
  const file = FILES[name]!;
  const property = fc.property(fc.array(change(file.length), { minLength: 1, maxLength: 5 }), (changes) => {
    const bytes = file.slice();
    for (const apply of changes) apply(bytes);
    attempt(bytes, name);
  });
  fc.assert(property, { numRuns: 150, seed: 1 });
});

test.each(Object.keys(FILES))("%s, cut off", (name) => {
  const file = FILES[name]!;
  for (let length = 0; length < file.length; length += 499) {
    expect(() => storedIn(file.slice(0, length), name), `${length} bytes`).toThrow(CheckpointError);
  }
});
