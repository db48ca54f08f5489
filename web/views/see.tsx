/** @file What does each layer do to this picture? */

import { go, view } from "../address.ts";
import { host } from "../host.ts";
import type { Seen } from "../seen.ts";
import type { Session } from "../session.ts";
import { Choice } from "./choice.tsx";
import { EngineChoice } from "./engine-choice.tsx";
import { LayerRow, largestOf, norm, weightsOf } from "./layer-row.tsx";
import { percent } from "./letters.tsx";
import { LayerTable } from "./tables.tsx";

/** One scale for all pictures of a kind. */
export function scalesOf(session: Session, seen: Seen): { longest: number; heaviest: number } {
  let [longest, heaviest] = [0, 0];
  for (const { input, half, output, attention } of seen.layers) {
    for (const { dims, data } of [input, half, output])
      for (let at = 0, d = dims[2]!; at < data.length; at += d)
        longest = Math.max(longest, norm(data, at, d));
    for (let k = 0; k < session.heads; k++)
      heaviest = Math.max(heaviest, largestOf(weightsOf(session, attention, k)));
  }
  return { longest, heaviest };
}

export function See({ session }: { session: Session }) {
  const seen = session.seen.value;
  if (seen === undefined) return null;
  const { longest, heaviest } = scalesOf(session, seen);
  const n = seen.layers[0]!.input.dims[1]!;
  const { show, scale, table } = view.value;
  return (
    <div class="see">
      <div class="bar-of-choices">
        <Choice
          name="Tokens"
          value={show}
          options={{ length: "length ‖z‖", cosine: "cosine to the followed" }}
          on={(value) => go({ show: value })}
        />
        <span class="note">{show === "length" ? `0 … ${longest.toFixed(1)}` : "−1 … 1"}</span>
        <Choice
          name="Attention"
          value={scale}
          options={{ all: "one scale", own: "each its own" }}
          on={(value) => go({ scale: value })}
        />
        <span class="note">
          {scale === "all" ? `0 … ${percent(heaviest, 0)}` : "0 … largest, in %"}; 1/n = {percent(1 / n, 1)}
        </span>
      </div>
      {seen.layers.map((layer, l) => (
        <LayerRow key={l} {...{ session, seen: layer, l, longest, heaviest }} />
      ))}
      {table && <LayerTable session={session} seen={seen} />}
      <Foot session={session} ms={seen.ms} />
    </div>
  );
}

/** An export says how to export with bands; here the next measurement brings them. */
const noBandsHere = (why: string): string =>
  host === "studio" ? why.replace(" before the export adds", " adds") : why;

/** What was measured, and by what. */
export function Foot({ session, ms }: { session: Session; ms: number }) {
  const { bands, noBands = "" } = session.facts;
  return (
    <div class="foot note">
      <p>
        {bands ? `Bands: mean ± standard deviation over ${bands.samples} test images.` : noBandsHere(noBands)}
      </p>
      <EngineChoice session={session} ms={ms} />
    </div>
  );
}
