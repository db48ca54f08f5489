/** @file Self-attention by each kernel of this processor, against double precision and libtorch's own operator. */

import { describe, expect, it } from "vitest";
import { expectClose } from "../../test/close.ts";
import {
  arange,
  aten,
  autocast,
  cat,
  type DType,
  gradients,
  random,
  scope,
  type Tensor,
} from "../tensor/index.ts";
import { attention, attentionWeights, selfAttention } from "./attention.ts";

/** softmax(W Wᵀ / √p) W by the kernel of that name, [b, n, K, p] → [b, n, K, p]. */
const selfAttentionBy = (kernel: string, causal: boolean) => (W: Tensor) =>
  aten("vitrine::self_attention.kernel", W, 1 / Math.sqrt(W.size(-1)), causal, kernel) as Tensor;

/** The kernels that this processor runs, as the refusal of another one names them. */
function kernels(dtype: DType): string[] {
  try {
    scope(() => void selfAttentionBy("?", false)(random(0).normal([1, 1, 1, 1]).to(dtype)));
  } catch (error) {
    return /processor \((.*)\), got \?/.exec((error as Error).message)![1]!.split(", ");
  }
  throw new Error("a kernel named ? was found");
}

/** The same in operators that autograd knows. */
const explicit = (causal: boolean) => (W: Tensor) => {
  const rows = W.transpose(1, 2); //                                            [b, K, n, p]
  return attentionWeights(rows, rows, { causal }).matmul(rows).transpose(1, 2);
};

const fused = (causal: boolean) => (W: Tensor) => {
  const rows = W.transpose(1, 2); //                                            [b, K, n, p]
  return attention(rows, rows, rows, { causal }).transpose(1, 2);
};

/** Value and gradient. */
function both(attend: (W: Tensor) => Tensor, W: Tensor): [value: Tensor, gradient: Tensor] {
  const leaf = W.detach().clone().setRequiresGrad();
  const value = attend(leaf);
  const outer = random(2).normal(W.shape).to("bfloat16").to(W.dtype); // the same numbers in every format
  return [value.detach(), gradients(value, [leaf], { outer })[0]!];
}

/** ‖ours − theirs‖ / ‖theirs‖ */
const distance = (ours: Tensor, theirs: Tensor): number =>
  ours.to("float64").sub(theirs).norm().item() / theirs.norm().item();

/** bfloat16 rounds by at most 2⁻⁹: weights and a value; for a gradient its terms and itself, too. */
const ROUNDINGS = [2 * 2 ** -9, 4 * 2 ** -9] as const;

/** In bfloat16 within its roundings of double precision, no further than libtorch's own operator, up to chance; in float32 close. */
function expectExact(W: Tensor, kernel: string, causal: boolean): void {
  const exact = both(explicit(causal), W.to("float64"));
  const ours = both(selfAttentionBy(kernel, causal), W);
  if (W.dtype === "float32") for (const i of [0, 1]) expectClose(ours[i]!, exact[i]!);
  else {
    const theirs = both(fused(causal), W);
    for (const i of [0, 1]) {
      const chance = 1.1 * distance(theirs[i]!, exact[i]!) + 2e-6; // roundings of single precision
      const what = `${["value", "gradient"][i]} of [${W.shape}]`;
      expect(distance(ours[i]!, exact[i]!), what).toBeLessThan(Math.min(chance, ROUNDINGS[i]!));
    }
  }
}

/** Tokens in all directions, sᵢᵢ = ‖wᵢ‖² / √p from 0 to the spread. */
function spreadBy(spread: number): Tensor {
  const [n, p] = [40, 16];
  const directions = random(8).normal([2, n, 3, p]);
  const units = directions.div(directions.norm(-1, true));
  const squares = arange(n).mul((spread * Math.sqrt(p)) / (n - 1));
  return units.mul(squares.sqrt().reshape([1, n, 1, 1]));
}

// tokens and head sizes around those of registers, tiles and blocks
const SHAPES = [
  [2, 1, 2, 8],
  [8, 7, 6, 5],
  [1, 16, 2, 32],
  [1, 31, 2, 17],
  [1, 33, 2, 24],
  [1, 65, 2, 48],
  [1, 197, 1, 64],
  [1, 300, 1, 128],
];

const CASES = (["float32", "bfloat16"] as const).flatMap((dtype) =>
  kernels(dtype).flatMap((kernel) => [false, true].map((causal) => ({ dtype, kernel, causal }))),
);

describe.each(CASES)("$dtype by $kernel, causal: $causal", ({ dtype, kernel, causal }) => {
  it.each(SHAPES)("equals its formula, forward and backward: [%i, %i, %i, %i]", (...shape) => {
    for (const size of [1, 2]) // weights of many tokens; of few
      scope(() => expectExact(random(1).normal(shape).mul(size).to(dtype), kernel, causal));
  });

  // beyond 80 another form takes over
  it.each([1, 20, 79, 81, 120, 160, 200])("tokens whose scores spread by %d", (spread) => {
    scope(() => expectExact(spreadBy(spread).to(dtype), kernel, causal));
  });

  it.runIf(causal)("gives earlier tokens the same bits whatever comes after them", () => {
    scope(() => {
      const W = random(3).normal([1, 50, 2, 24]).to(dtype);
      const other = cat([W.narrow(1, 0, 21), random(4).normal([1, 29, 2, 24]).to(dtype)], 1);
      const [first, second] = [W, other].map((tokens) =>
        selfAttentionBy(kernel, true)(tokens).narrow(1, 0, 21),
      );
      expect(first!.to("float32").toArray()).toEqual(second!.to("float32").toArray());
    });
  });
});

it.skipIf(!kernels("bfloat16").includes("avx512bf16"))(
  "vdpbf16ps gives what its arithmetic does, up to rounding (skipped where the processor has no AVX512-BF16)",
  () => {
    const tokens = [() => random(1).normal([1, 197, 2, 64]), () => spreadBy(79)];
    for (const causal of [false, true])
      for (const W of tokens)
        scope(() => {
          const [native, plain] = ["avx512bf16", "pairs"].map((kernel) =>
            both(selfAttentionBy(kernel, causal), W().to("bfloat16")),
          );
          // exponentials differ in their last bits: few weights and terms round to the other side
          for (const i of [0, 1])
            expect(distance(native![i]!, plain![i]!.to("float64"))).toBeLessThan(2 ** -12);
        });
  },
);

it("keeps distant norms exact in bfloat16 under autocast", () => {
  scope(() => {
    const W = random(5).normal([1, 31, 2, 17]).mul(4).to("bfloat16");
    const inside = autocast("bfloat16", "cpu", () => selfAttention(W));
    expect(inside.toArray()).toEqual(selfAttention(W).toArray());
  });
});
