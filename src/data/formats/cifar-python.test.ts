import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { findPickles, readPickle } from "./cifar-python.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine cifar-"));
afterAll(() => rmSync(root, { recursive: true }));

const bytes = (...parts: (string | readonly number[] | Uint8Array)[]): Buffer =>
  Buffer.concat(
    parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(part))),
  );
/** A string as Python 2 pickles it: U and a byte, or T and four, for its length. */
const string = (value: string | Uint8Array): Buffer =>
  value.length < 256
    ? bytes("U", [value.length], value)
    : bytes("T", [value.length & 255, (value.length >> 8) & 255, value.length >> 16, 0], value);
const word = (n: number): Buffer => bytes("M", [n & 255, n >> 8]);

/** A batch as the publisher's cPickle wrote it: a dictionary of strings, lists, and a uint8 array [n, 3072]. */
function batch(key: string, labels: readonly number[], data: Uint8Array): Buffer {
  const dtype = bytes("cnumpy\ndtype\n", string("u1"), "K\0K\x01\x87R(K\x03", string("|"), "NNN");
  return bytes(
    ...["\x80\x02}q\x01(", string("batch_label"), string("testing batch 1 of 1"), string(key), "]q\x02("],
    ...[bytes(...labels.flatMap((label) => ["K", [label]])), "e", string("data")],
    ...["cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85", string("b"), "\x87R"],
    ...[
      "(K\x01",
      word(labels.length),
      word(3072),
      "\x86",
      dtype,
      "J\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89",
    ],
    ...[string(data), "tbu."],
  );
}

const data = Uint8Array.from({ length: 2 * 3072 }, (_, i) => (7 * i) % 256);

test("a batch of Python 2 has its bytes and labels, whatever the bytes spell", async () => {
  const path = join(root, "test_batch");
  writeFileSync(path, batch("labels", [9, 3], data));
  const { images, labels } = await readPickle(path, "cifar10", 2, 3072);
  expect(labels).toEqual([9, 3]);
  expect(Buffer.compare(images, data)).toBe(0);
  writeFileSync(path, batch("fine_labels", [99, 0], data));
  expect((await readPickle(path, "cifar100", 2, 3072)).labels).toEqual([99, 0]);
});

test("what is no such batch is refused, and nothing in it runs", async () => {
  const path = join(root, "bad");
  const whole = batch("labels", [9, 3], data);
  const cases: [Uint8Array, string][] = [
    [whole.subarray(0, 4000), "the file is cut off"],
    [batch("fine_labels", [9, 3], data), "is no batch of 2 images"],
    [batch("labels", [9], data), "is no batch of 2 images"],
    [batch("labels", [9, 3], data.subarray(1)), "is no batch of 2 images"],
    [bytes("\x80\x02]."), "is no batch of 2 images"],
    [bytes("cos\nsystem\n", string("true"), "\x85R."), "nothing was executed"],
  ];
  for (const [file, reason] of cases) {
    writeFileSync(path, file);
    await expect(readPickle(path, "cifar10", 2, 3072)).rejects.toThrow(reason);
  }
  await expect(readPickle(join(root, "gone"), "cifar10", 2, 3072)).rejects.toThrow("cannot be read");
});

test("pickles are found in the archive's folder or the one above, not in any folder with a file called train", () => {
  const folder = join(root, "cifar-100-python");
  mkdirSync(folder);
  writeFileSync(join(root, "train"), "");
  writeFileSync(join(folder, "train"), "");
  expect(findPickles(root, "cifar100", "train")).toBeUndefined();
  writeFileSync(join(folder, "meta"), "");
  expect(findPickles(root, "cifar100", "train")).toEqual([join(folder, "train")]);
  expect(findPickles(folder, "cifar100", "train")).toEqual([join(folder, "train")]);
  expect(findPickles(root, "cifar100", "test")).toBeUndefined();
});
