/** @file Attention of all heads of a layer over a text. */

import type { Numbers } from "../../src/studio/shapes.ts";
import { addressWith, go } from "../address.ts";
import { floatsOf } from "../source/bytes.ts";
import { Heat } from "../views/heat.tsx";
import { largestOf } from "../views/layer-row.tsx";
import { percent } from "../views/letters.tsx";

/** [n, n] of head k, from 0. */
export const ofHead = (attention: Float32Array, n: number, k: number): Float32Array =>
  attention.subarray(k * n * n, (k + 1) * n * n);

interface Props {
  attention: Numbers;
  n: number;
  /** From 1. */
  k: number;
  l: number;
  token: number;
}

export function AllHeads({ attention, n, k, l, token }: Props) {
  const all = floatsOf(attention);
  const heads = attention.dims[0]!;
  return (
    <section aria-label={`Heads of layer ${l}`}>
      <h3>Heads of layer {l}</h3>
      <p class="note">
        A row for each token that looks, a column for each that is looked at; each map 0 … its largest.
      </p>
      <div class="heads of-text">
        {Array.from({ length: heads }, (_, head) => {
          const values = ofHead(all, n, head);
          const most = largestOf(values);
          return (
            <figure key={head} class={head + 1 === k ? "is-here" : ""}>
              <a href={addressWith({ k: head + 1 })} aria-label={`Head ${head + 1}`}>
                <Heat
                  {...{ values, rows: n, columns: n, low: 0, high: most }}
                  label={`Attention of ${n} tokens, at most ${percent(most)}`}
                  onPatch={head + 1 === k ? (at) => go({ patch: Math.floor(at / n) + 1 }) : undefined}
                  row={token}
                />
              </a>
              <figcaption>
                <span>head {head + 1}</span> <span class="note">{percent(most, 0)}</span>
              </figcaption>
            </figure>
          );
        })}
      </div>
    </section>
  );
}
