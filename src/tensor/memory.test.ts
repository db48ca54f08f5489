import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { aten, gradients, native, OutOfMemoryError, scope, zeros } from "./index.ts";

/** 2⁵⁰ bytes: more than a process can address, whatever the machine. */
const ABSURD = 2 ** 48;

test("an absurd allocation is an out-of-memory error with exit code 6, in one line", () => {
  let caught: unknown;
  try {
    aten("empty.memory_format", [ABSURD]);
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(OutOfMemoryError);
  expect((caught as OutOfMemoryError).exitCode).toBe(6);
  expect((caught as Error).message).toMatch(/^libtorch could not allocate: empty\.memory_format: [^\n]+$/);
});

test("memory that runs out elsewhere is told as such too", () => {
  scope(() => {
    const x = zeros([1]).setRequiresGrad();
    const wide = x.expand([ABSURD]);
    expect(() => wide.data()).toThrow(OutOfMemoryError);
    expect(() => wide.add(1)).toThrow(OutOfMemoryError);
    expect(() => gradients(x.expand([2 ** 46, 4]).select(1, 0), [x], { outer: zeros([2 ** 46]) })).toThrow(
      OutOfMemoryError,
    );
  });
});

test("the engine works on after it", () => {
  scope(() => expect(zeros([2]).add(1).numbers()).toEqual([1, 1]));
});

/** What a second environment of this process does: tensors, a mode, an error, and its end without tidying up. */
const BODY = `
  const { parentPort, workerData } = require("node:worker_threads");
  const addon = require(workerData.addon);
  addon.setErrorFactory((kind, message) => new Error(kind + ": " + message));
  addon.setGradMode(false);
  const zeros = addon.find("aten::zeros");
  const relu = addon.find("aten::relu");
  const handles = [1, 2, 3].map((n) => addon.call(zeros, [n], "float32", null, "cpu"));
  const shared = addon.fromBuffer(new ArrayBuffer(16), 0, 16, [4], "float32", true);
  let error = "";
  try { addon.call(relu, 12345); } catch (caught) { error = caught.message; }
  parentPort.postMessage({ live: addon.memory().tensors, first: handles[0], error, shape: addon.shape(shared) });
`;

test("two environments in one process do not disturb each other", async () => {
  using x = zeros([7]).setRequiresGrad();
  const { addonRecord } = await import("./libtorch.ts");
  const record = addonRecord();
  if (typeof record === "string") throw new Error(record);
  const before = native().memory().tensors;
  const runs = [1, 2].map(
    () =>
      new Promise<Record<string, unknown>>((resolve, reject) => {
        const worker = new Worker(BODY, { eval: true, workerData: { addon: record.addon } });
        let said: Record<string, unknown> = {};
        worker.on("message", (message) => {
          said = message;
        });
        worker.on("error", reject);
        worker.on("exit", () => resolve(said));
      }),
  );
  using y = x.add(1); // while they start
  for (const said of await Promise.all(runs)) {
    // each has its own table: the first handle is the same number everywhere
    expect(said).toEqual({
      live: 4,
      first: 1 << 20,
      error: "usage: relu: expected a tensor, got 12345",
      shape: [4],
    });
  }
  expect(native().memory().tensors).toBe(before + 1);
  expect([y.requiresGrad, x.numbers(), y.numbers()]).toEqual([true, Array(7).fill(0), Array(7).fill(1)]);
  expect(() => native().shape(0)).toThrow("expected a tensor, got 0");
});
