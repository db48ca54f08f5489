/** @file What each token of a text adds to the coding rate of those before it. */

import type { TextAnswer } from "../../src/studio/shapes.ts";
import { go } from "../address.ts";
import { Heat } from "../views/heat.tsx";
import { Rc, signed } from "../views/letters.tsx";
import { shownToken } from "./text.tsx";

/** Rᶜ up to each position, as what each position adds. */
export const added = (rc: readonly number[]): number[] => rc.map((rate, i) => rate - (rc[i - 1] ?? 0));

export function Added({ answer: { tokens, layers }, token }: { answer: TextAnswer; token: number }) {
  const rows = layers.flatMap(({ rc }) => (rc === undefined ? [] : [added(rc)]));
  if (rows.length === 0)
    return (
      <p class="note">
        This model has no subspaces, so there is no <Rc /> of its tokens.
      </p>
    );
  const n = tokens.length;
  const high = rows.flat().reduce((a, b) => Math.max(a, b), 0);
  return (
    <section aria-label="Coding rate by token">
      <h3>
        What each token adds to <Rc />
      </h3>
      <p class="note">
        Nats by which the coding rate against the layer's subspaces grows with this token, 0 …{" "}
        {high.toFixed(1)}. A token that lies in the directions of those before it adds little; as the
        estimator averages over tokens, it can even take away.
      </p>
      <div class="rates">
        {rows.map((values, l) => (
          <div key={l}>
            <span class="note">layer {l + 1}</span>
            <Heat
              class="strip"
              {...{ values, rows: 1, columns: n, low: 0, high, chosen: token }}
              label={`Layer ${l + 1}: ${values[token]!.toFixed(2)} nats by “${shownToken(tokens[token]!)}”`}
              onPatch={(at) => go({ patch: at + 1 })}
            />
            <span class="number">{signed(values[token]!)}</span>
          </div>
        ))}
      </div>
    </section>
  );
}
