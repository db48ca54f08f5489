/** @file How far a decoder runs its encoder backwards: alignment of their tokens, and single layers undone. */

import { CrateMae } from "../../model/index.ts";
import { scope, stack, type Tensor } from "../../tensor/index.ts";
import type { Mae } from "./errors.ts";

/** Tokens by the name of the probe that passed them, [b, n, d]. */
type Found = ReadonlyMap<string, Tensor>;

/** What goes into encoder layer e, counted from 0. */
const before = (found: Found, e: number): Tensor => found.get(e === 0 ? "tokens" : `block.${e - 1}`)!;

/**
 * Linear CKA of two sets of tokens: ‖XᵀY‖² / (‖XᵀX‖ ‖YᵀY‖) of centred X [n, d], Y [n, d′] → []. 1 where one is a rotated
 * and scaled form of the other, 0 where nothing linear is shared.
 */
export function cka(X: Tensor, Y: Tensor): Tensor {
  const [A, B] = [X, Y].map((Z) => Z.sub(Z.mean(0, true))) as [Tensor, Tensor];
  const norm = (P: Tensor, Q: Tensor) => P.T.matmul(Q).norm();
  return norm(A, B)
    .square()
    .div(norm(A, A).mul(norm(B, B)).clamp(1e-30));
}

/** CKA of the patches' tokens after decoder layer l with those before encoder layer e: [M, L]. */
export function alignment(mae: Mae, found: Found): Tensor {
  return scope(() => {
    const flat = (Z: Tensor) =>
      Z.narrow(1, 1, Z.size(1) - 1)
        .flatten(0, 1)
        .to("float64");
    const given = mae.blocks.map((_, e) => flat(before(found, e)));
    const made = mae.decoder.map((_, l) => flat(found.get(`decoder.${l}`)!));
    return stack(made.map((Y) => stack(given.map((Z) => cka(Y, Z))))).to("float32");
  }, "alignment");
}

/**
 * Decoder layer l on the output of encoder layer L − 1 − l (from 0): mean cosine of its tokens with what went into that
 * layer. Nothing for a decoder of other layers than the encoder's.
 */
export function undoing(mae: Mae, found: Found): number[] {
  if (!(mae instanceof CrateMae)) return [];
  const L = mae.blocks.length;
  return mae.decoder.map((layer, l) =>
    scope(() => {
      const e = L - 1 - l;
      const [Y, Z] = [layer.apply(found.get(`block.${e}`)!), before(found, e)];
      const cosine = Y.mul(Z)
        .sum(-1)
        .div(Y.norm(-1).mul(Z.norm(-1)).clamp(1e-30));
      return cosine.mean().item();
    }, "undoing"),
  );
}
