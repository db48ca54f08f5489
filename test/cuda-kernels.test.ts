/** @file Kernels for GPUs, emulated on the processor, against their formulas in double precision. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { attentionWeights } from "../src/nn/attention.ts";
import { arange, aten, gradients, random, scope, type Tensor, tensor } from "../src/tensor/index.ts";
import { expectClose } from "./close.ts";
import { type Emulated, has, Programs, succeed } from "./cuda/emulated.ts";
import { root } from "./markdown.ts";

const compilers = { gcc: has("g++"), nvcc: has("nvcc") };
const programs = new Programs();
afterAll(() => programs.dispose());

const floats = (x: Tensor): Float32Array => Float32Array.from(x.numbers());
const bits = (numbers: Float32Array): string => Buffer.from(numbers.buffer).toString("base64");
const doubled = (x: Tensor): Tensor => x.to("float64").setRequiresGrad();

/** The same numbers whichever way the threads take turns. */
function either(run: (downwards: string) => Float32Array[]): Float32Array[] {
  const [found, again] = [run("0"), run("1")];
  expect(again.map(bits)).toEqual(found.map(bits));
  return found;
}

describe.skipIf(!compilers.gcc)("emulated (needs g++)", () => {
  const compiled = new Map<string, Emulated>();
  const program = (name: string, ...definitions: string[]): Emulated => {
    const key = [name, ...definitions].join(" ");
    const found = compiled.get(key) ?? programs.compile(name, definitions);
    compiled.set(key, found);
    return found;
  };

  test.each([
    [7, 33, "of y alone"],
    [26, 33, "of both"],
    [9, 1024, "of both"],
  ])("add_layer_norm of %i rows of %i numbers, gradients %s", (rows, columns, what) => {
    scope(() => {
      const plain = what === "of y alone";
      const draw = (name: string, shape: number[]) => random(4).at(name).normal(shape);
      const [x, r] = [draw("x", [rows, columns]).mul(3).add(1), draw("r", [rows, columns])];
      const [w, b] = [draw("w", [columns]), draw("b", [columns])];
      const [g, outer] = [draw("g", [rows, columns]), draw("outer", [rows, columns])];
      const run = program("add-layer-norm", `COLUMNS=${columns}`);
      const given = [Int32Array.of(rows), Float32Array.of(1e-5), ...[x, r, w, b, g, outer].map(floats)];
      const size = rows * columns;
      const [s, y, dx, sums] = either((downwards) =>
        run([plain ? "1" : "0", downwards], given, [size, size, size, 2 * columns]),
      ) as [Float32Array, Float32Array, Float32Array, Float32Array];
      const [X, R, W, B] = [x, r, w, b].map(doubled) as [Tensor, Tensor, Tensor, Tensor];
      const S = X.add(R);
      const Y = aten("layer_norm", S, [columns], W, B, 1e-5) as Tensor;
      const loss = Y.mul(g)
        .sum()
        .add(plain ? 0 : S.mul(outer).sum());
      expectClose(tensor(s).reshape([rows, columns]), S);
      expectClose(tensor(y).reshape([rows, columns]), Y);
      const [dX, dW] = gradients(loss, [X, W]);
      expectClose(tensor(dx).reshape([rows, columns]), dX!);
      expectClose(tensor(sums.slice(0, columns)), dW!);
      expectClose(tensor(sums.slice(columns)), g.to("float64").sum([0]));
    });
  });

  /** Value and gradient against those in double precision. */
  function expectAttention(W: Tensor, tile: number, causal: boolean, tolerance?: number): void {
    const [b, n, K, p] = W.shape as [number, number, number, number];
    const g = random(2).normal(W.shape);
    const run = program("self-attention", `TILE=${tile}`, `WIDTH=${16 * Math.ceil(p / 16)}`);
    const given = [Int32Array.of(b, n, K, p), Float32Array.of(1 / Math.sqrt(p)), floats(W), floats(g)];
    const [out, dW] = either((downwards) => run([causal ? "1" : "0", downwards], given, [W.numel, W.numel]));
    const wide = doubled(W);
    const expected = attended(wide, causal);
    expectClose(tensor(out!).reshape(W.shape), expected, tolerance);
    const [gradient] = gradients(expected, [wide], { outer: g.to("float64") });
    expectClose(tensor(dW!).reshape(W.shape), gradient!, tolerance);
  }

  describe.each([false, true])("self_attention, causal: %s", (causal) => {
    test.each([
      [32, [2, 1, 1, 1]],
      [32, [1, 70, 2, 10]],
      [64, [2, 65, 2, 33]],
      [64, [1, 100, 1, 48]],
    ])("tiles of %i for tokens %j", (tile, shape) => {
      scope(() => expectAttention(random(1).normal(shape), tile, causal));
    });

    // s_ii from 0 to the spread, upwards and downwards, so that rows find larger scores late, or early
    test.each([
      [20, "up"],
      [200, "up"],
      [200, "down"],
      [1000, "up"],
      [400, "in one direction"], // without a look for the largest score e¹⁰⁰
    ])("tokens whose scores spread by %d, %s", (spread, way) => {
      scope(() => {
        const [n, p] = [70, 10];
        const draws = random(8).normal([1, n, 2, p]);
        const directions = way === "in one direction" ? draws.mul(0.01).add(1) : draws;
        const units = directions.div(directions.norm(-1, true));
        const rising = arange(n).mul((spread * Math.sqrt(p)) / (n - 1)); //      s_ii = ‖wᵢ‖² / √p
        const squares = way === "down" ? rising.flip([0]) : rising;
        // All scores count, and each is a sum that grows to the spread in p terms, rounded at each: by up to
        // spread 2⁻²⁴ (1 + … + p) / p in all. Weights are wrong by as much.
        const tolerance = way === "in one direction" ? (spread * 2 ** -24 * (p + 1)) / 2 : undefined;
        expectAttention(units.mul(squares.sqrt().reshape([1, n, 1, 1])), 32, causal, tolerance);
      });
    });

    test("what is not finite stays in its head", () => {
      scope(() => {
        const W = random(4).normal([2, 20, 1, 8]);
        W.select(0, 1).select(0, 3).select(0, 0).select(0, 0).fill_(Number.NaN);
        const run = program("self-attention", "TILE=32", "WIDTH=16");
        const given = [Int32Array.of(2, 20, 1, 8), Float32Array.of(1), floats(W), floats(W)];
        const [out] = run([causal ? "1" : "0", "0"], given, [320, 320]);
        const finite = tensor(out!).reshape([2, 20, 8]).isFinite();
        expect(finite.select(0, 0).all().item()).toBe(1);
        expect(finite.select(0, 1).narrow(0, 3, 17).any().item()).toBe(0);
      });
    });
  });
});

/** softmax(W Wᵀ / √p) W of W [b, n, K, p]. */
function attended(W: Tensor, causal: boolean): Tensor {
  const rows = W.transpose(1, 2);
  return attentionWeights(rows, rows, { causal }).matmul(rows).transpose(1, 2);
}
/** Each source, with definitions that use most registers. */
const SOURCES: [source: string, definitions: string[]][] = [
  ["add_layer_norm", ["COLUMNS=1024"]],
  ["self_attention", ["TILE=64", "WIDTH=64"]],
];

describe.skipIf(!compilers.nvcc)("compiled for GPUs (needs nvcc)", () => {
  test.each(SOURCES)("%s.cu with %s", (source, definitions) => {
    const folder = mkdtempSync(join(tmpdir(), "vitrine-nvcc-"));
    const flags = ["-cubin", "-arch=sm_90", "-Werror", "all-warnings", "-Xptxas", "-warn-spills"];
    try {
      const file = join(root, "native/cuda", `${source}.cu`);
      succeed("nvcc", [...flags, ...definitions.map((one) => `-D${one}`), "-o", join(folder, "cubin"), file]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
