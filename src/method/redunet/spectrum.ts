/** @file From samples to frequencies and back: cyclic shifts are diagonal there, so layers work frequency by frequency. */

import { aten, operator, run, scope, type Tensor, tensor, UsageError } from "../../tensor/index.ts";

const REAL_VIEW = operator("view_as_real");

/** What a sample is: a vector [d], a sequence of channels [C, T], an image [C, H, W]. */
export type Form = "vector" | "1d" | "2d";

/** `ortho` is the authors'; `backward`, the plain DFT, makes the objective the rate of all cyclic shifts exactly. */
export type DftNorm = "ortho" | "backward";

/**
 * The space that layers work in: [P, n, C], the C channels of n samples at P frequencies.
 *
 * Samples are real, so the spectrum at −p is the conjugate of that at p and only half of it is kept; `weights` say how
 * many frequencies each of the P stands for. A vector is a sample with d channels and one frequency, and stays real.
 */
export class Spectrum {
  readonly form: Form;
  readonly channels: number;
  /** T or H, W; none for vectors. */
  readonly grid: readonly number[];

  constructor(
    sample: readonly number[],
    readonly dftNorm: DftNorm = "ortho",
  ) {
    if (sample.length < 1 || sample.length > 3 || sample.some((size) => !(size >= 1)))
      throw new UsageError(`redunet: expected samples [d], [C, T] or [C, H, W], got [${sample.join(", ")}]`);
    this.form = (["vector", "1d", "2d"] as const)[sample.length - 1]!;
    [this.channels, ...this.grid] = sample as [number, ...number[]];
  }

  /** T, or H·W: the cyclic shifts of a sample. */
  get shifts(): number {
    return this.grid.reduce((product, size) => product * size, 1);
  }
  /** P */
  get frequencies(): number {
    if (this.form === "vector") return 1;
    const last = this.grid.at(-1)!;
    return (this.shifts / last) * half(last);
  }

  /** How many of the T (HW) frequencies each of the P stands for: 2, or 1 where a frequency is its own mirror. */
  weights(like: Tensor): Tensor {
    const last = this.grid.at(-1) ?? 1;
    const bins = half(last);
    const values = Array.from({ length: this.frequencies }, (_, p) => {
      const bin = p % bins;
      return bin === 0 || 2 * bin === last ? 1 : 2;
    });
    return tensor(values, { dtype: realOf(like), device: like.device });
  }

  /** Z [n, C, …] real → V [P, n, C]. @throws {UsageError} samples of another shape */
  forward(Z: Tensor): Tensor {
    const expected = [this.channels, ...this.grid];
    if (Z.dim !== expected.length + 1 || Z.shape.slice(1).join() !== expected.join())
      throw new UsageError(`redunet: expected samples [n, ${expected.join(", ")}], got ${Z.describe()}`);
    if (this.form === "vector") return Z.unsqueeze(0);
    const dims = this.grid.map((_, i) => i - this.grid.length);
    const V = aten("fft_rfftn", Z, null, dims, this.dftNorm).flatten(2); //     [n, C, P]
    return V.permute([2, 0, 1]).contiguous();
  }

  /** V [P, n, C] → Z [n, C, …] real. */
  inverse(V: Tensor): Tensor {
    if (this.form === "vector") return V.squeeze(0);
    const dims = this.grid.map((_, i) => i - this.grid.length);
    const grid = [...this.grid.slice(0, -1), half(this.grid.at(-1)!)];
    const folded = V.permute([1, 2, 0]).reshape([V.size(1), this.channels, ...grid]);
    return aten("fft_irfftn", folded, [...this.grid], dims, this.dftNorm);
  }

  /** Norms of whole samples, as they are before the transform: V [P, …, C] → […]. */
  norm(V: Tensor): Tensor {
    return scope(() => {
      const energy = realView(V).norm([-1]).square(); //                        [P, …]
      const weights = this.weights(V).reshape([-1, ...new Array<number>(energy.dim - 1).fill(1)]);
      const sum = energy.mul(weights).sum(0);
      return (this.dftNorm === "backward" ? sum.div(this.shifts) : sum).sqrt();
    }, "norm");
  }

  /** Whole samples onto the unit sphere; norms below 1e-8 count as that. */
  normalise(V: Tensor): Tensor {
    return scope(() => V.div(this.norm(V).clamp(1e-8).unsqueeze(-1)), "normalise");
  }

  /** A matrix per frequency, half of them [P, C, C] → all, in the official layout [C, C, …]. */
  unfold(M: Tensor): Tensor {
    if (this.form === "vector") return M.squeeze(0);
    return scope(() => {
      const last = this.grid.at(-1)!;
      const rows = this.grid.slice(0, -1);
      const kept = M.permute([1, 2, 0]).reshape([M.size(1), M.size(2), ...rows, half(last)]);
      let mirror = kept.narrow(-1, 1, last - half(last)).flip([-1]);
      if (rows.length > 0) mirror = mirror.flip([-2]).roll([1], [-2]); //       row −h
      return aten("cat", [kept, aten("resolve_conj", aten("conj", mirror))], -1);
    }, "unfold");
  }

  /** The inverse of `unfold`. @throws {UsageError} another shape */
  fold(M: Tensor): Tensor {
    const expected = [this.channels, this.channels, ...this.grid];
    if (M.shape.join() !== expected.join())
      throw new UsageError(`redunet: expected a weight [${expected.join(", ")}], got ${M.describe()}`);
    if (this.form === "vector") return M.unsqueeze(0);
    return scope(
      () =>
        M.narrow(-1, 0, half(this.grid.at(-1)!))
          .flatten(2)
          .permute([2, 0, 1])
          .contiguous(),
      "fold",
    );
  }
}

/** Frequencies kept of a dimension. */
const half = (size: number): number => Math.floor(size / 2) + 1;

/** Complex channels as pairs of real ones, the same memory: [..., C] → [..., 2C]. Real tensors stay. */
export const realView = (V: Tensor): Tensor =>
  V.dtype.startsWith("complex") ? run(REAL_VIEW, V.h).flatten(-2) : V;

/** The dtype of a tensor's real parts. */
export const realOf = (V: Tensor): "float32" | "float64" =>
  V.dtype === "complex128" || V.dtype === "float64" ? "float64" : "float32";
