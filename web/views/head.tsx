/** @file What does one head look at, and what is it good for? */

import type { AblationGrid } from "../ablation.ts";
import { addressOf, go, view } from "../address.ts";
import type { Session } from "../session.ts";
import { Choice } from "./choice.tsx";
import { Grid } from "./grid.tsx";
import { Heat } from "./heat.tsx";
import { largestOf, weightsOf } from "./layer-row.tsx";
import { percent, placeOf, signed } from "./letters.tsx";
import { Scale } from "./scale.tsx";
import { Foot, scalesOf } from "./see.tsx";
import { PatchTable } from "./tables.tsx";
import { choose, chosenName, chosenPatch, Taken } from "./taken.tsx";

export function HeadView({ session, ablations }: { session: Session; ablations: AblationGrid }) {
  const seen = session.seen.value;
  if (seen === undefined) return null;
  const [rows, columns] = session.facts.grid;
  const l = Math.min(view.value.l, session.layers.length);
  const k = Math.min(view.value.k, session.heads);
  const { attention } = seen.layers[l - 1]!;
  const values = weightsOf(session, attention, k - 1);
  const own = largestOf(values);
  const top = own === 0 ? 0 : values.indexOf(own);
  const high = view.value.scale === "own" ? own : scalesOf(session, seen).heaviest;
  const uniform = 1 / attention.dims[2]!;
  return (
    <div class="head-view">
      <nav class="pick" aria-label="Layer and head">
        <Picks name="Layer" count={session.layers.length} now={l} change={(at) => ({ l: at })} />
        <Picks name="Head" count={session.heads} now={k} change={(at) => ({ k: at })} />
      </nav>
      <div class="look">
        <figure>
          <Taken session={session} large />
          <figcaption>{chosenName(session)}</figcaption>
        </figure>
        <figure>
          <Heat
            class="large"
            {...{ values, rows, columns, low: 0, high, chosen: chosenPatch(session), onPatch: choose }}
            label={`Attention of the ${chosenName(session)} in head ${k} of layer ${l}`}
          />
          <figcaption>its attention</figcaption>
        </figure>
        <Scale high={high} mark={uniform} />
        <div class="words">
          <Choice
            name="Scale"
            value={view.value.scale}
            options={{ all: "all heads", own: "this head" }}
            on={(value) => go({ scale: value })}
          />
          <p>
            The {chosenName(session)} looks most at {placeOf(top, columns)}: <strong>{percent(own)}</strong>.
            Uniform attention would give each token 1/n = {percent(uniform)}.
          </p>
          <Removal session={session} l={l} k={k} />
        </div>
      </div>
      {view.value.table && (
        <PatchTable
          values={values}
          columns={columns}
          caption={`Attention of the ${chosenName(session)}, %`}
        />
      )}
      <Grid session={session} ablations={ablations} l={l} k={k} />
      <Foot session={session} ms={seen.ms} />
    </div>
  );
}

interface PicksProps {
  name: string;
  count: number;
  now: number;
  change: (at: number) => { l: number } | { k: number };
}

export function Picks({ name, count, now, change }: PicksProps) {
  return (
    <div class="picks">
      <span>{name}</span>
      {Array.from({ length: count }, (_, i) => (
        <a
          key={i}
          href={addressOf({ ...view.value, ...change(i + 1) })}
          aria-label={`${name} ${i + 1}`}
          {...(now === i + 1 && { "aria-current": "true" })}
        >
          {i + 1}
        </a>
      ))}
    </div>
  );
}

/** The switch that removes a head, and what that does to the answer. */
function Removal({ session, l, k }: { session: Session; l: number; k: number }) {
  const name = `${l}.${k}`;
  const { off } = view.value;
  const isOff = off.includes(name);
  const { probabilities, whole } = session.seen.value!;
  const label = whole.indexOf(Math.max(...whole));
  const change = probabilities[label]! - whole[label]!;
  return (
    <div class="removal">
      <button
        type="button"
        aria-pressed={isOff}
        onClick={() => go({ off: isOff ? off.filter((each) => each !== name) : [...off, name] })}
      >
        {isOff ? "Put this head back" : "Remove this head"}
      </button>
      {off.length > 0 && (
        <p>
          <span class="math">
            <i>p</i>
          </span>
          ({session.facts.classes[label] ?? label}): {percent(whole[label]!)} →{" "}
          {percent(probabilities[label]!)},{" "}
          <strong>
            Δ<i>p</i> = {signed(change, 3)}
          </strong>
          {off.length > 1 && ` with ${off.length} heads removed`}
        </p>
      )}
    </div>
  );
}
