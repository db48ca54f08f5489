/** @file One layer: its tokens before, half way and after, what is measured of them, and where its heads look. */

import type { ComponentChildren } from "preact";
import type { Value } from "../../src/graph/index.ts";
import { addressOf, go, view } from "../address.ts";
import type { LayerSeen } from "../seen.ts";
import type { Session } from "../session.ts";
import { Arithmetic } from "./arithmetic.tsx";
import { Heat } from "./heat.tsx";
import { percent, Raised, Rc } from "./letters.tsx";
import { Quantity } from "./quantity.tsx";
import { choose, chosenName, chosenPatch, tokenOf } from "./taken.tsx";

interface Props {
  session: Session;
  seen: LayerSeen;
  /** From 0. */
  l: number;
  /** The largest length of a token, and the largest weight of a head, over all layers. */
  longest: number;
  heaviest: number;
}

export function LayerRow({ session, seen, l, longest, heaviest }: Props) {
  const { l: layer } = view.value;
  const isWhite = session.layers[l]!.projection !== undefined;
  const bands = session.facts.bands?.layers[l];
  const number = l + 1;
  return (
    <section
      id={`layer-${number}`}
      class={`layer ${layer === number ? "current" : ""}`}
      aria-labelledby={`layer-${number}-name`}
    >
      <div class="measures">
        <h3 id={`layer-${number}-name`}>
          <a href={addressOf({ ...view.value, l: number })}>Layer {number}</a>
        </h3>
        {isWhite && <Quantity name={<Rc />} value={seen.rate} unit="nats" band={bands?.authorsRate} />}
        <Quantity
          name="non-zeros"
          value={100 * seen.nonZero}
          unit="%"
          band={bands?.nonZero && { mean: 100 * bands.nonZero.mean, std: 100 * bands.nonZero.std }}
        />
        {session.canChange && (
          <button
            type="button"
            class="link"
            aria-expanded={view.value.sum === number}
            onClick={() => go({ sum: view.peek().sum === number ? 0 : number })}
          >
            {view.value.sum === number ? "hide arithmetic" : "arithmetic"}
          </button>
        )}
      </div>
      <div class="tokens">
        <Tokens
          session={session}
          value={seen.input}
          longest={longest}
          name={<Raised letter="Z">{number}</Raised>}
          what="in"
        />
        <Tokens
          {...{ session, longest, value: seen.half }}
          name={<Raised letter="Z">{number}+½</Raised>}
          what={isWhite ? "after MSSA" : "after attention"}
        />
        <Tokens
          {...{ session, longest, value: seen.output }}
          name={<Raised letter="Z">{number + 1}</Raised>}
          what={session.canChange ? "after ISTA" : "out"}
        />
      </div>
      <Heads session={session} attention={seen.attention} l={l} heaviest={heaviest} />
      {session.canChange && view.value.sum === number && <Arithmetic session={session} seen={seen} l={l} />}
    </section>
  );
}

interface TokensProps {
  session: Session;
  value: Value;
  longest: number;
  name: ComponentChildren;
  what: string;
}

/** Tokens [1, n, d] as a number for each patch, and the entries of the chosen one in a strip. */
function Tokens({ session, value: { dims, data }, longest, name, what }: TokensProps) {
  const [rows, columns] = session.facts.grid;
  const [, n, d] = dims as [number, number, number];
  const isCosine = view.value.show === "cosine";
  const token = tokenOf(session, n);
  const first = n - rows * columns;
  const values = Float32Array.from({ length: rows * columns }, (_, i) =>
    isCosine ? cosine(data, (first + i) * d, token * d, d) : norm(data, (first + i) * d, d),
  );
  const row = data.subarray(token * d, (token + 1) * d);
  const largest = largestOf(Float32Array.from(row, Math.abs));
  return (
    <figure>
      <Heat
        {...{ values, rows, columns, chosen: chosenPatch(session), onPatch: choose }}
        {...(isCosine ? { low: -1, high: 1, colours: "diverging" as const } : { low: 0, high: longest })}
        label={`Tokens ${what}: ${isCosine ? "cosine to the followed one" : "length"} for each patch`}
      />
      <Heat
        class="strip"
        {...{ values: row, rows: 1, columns: d, low: -largest, high: largest, colours: "diverging" }}
        label={`The ${d} entries of the ${chosenName(session)}, ${what}; the largest is ${largest.toFixed(2)}`}
      />
      <figcaption>
        {name} <span class="note">{what}</span>
      </figcaption>
    </figure>
  );
}

export const norm = (data: Value["data"], from: number, d: number): number => {
  let sum = 0;
  for (let i = from; i < from + d; i++) sum += data[i]! ** 2;
  return Math.sqrt(sum);
};

function cosine(data: Value["data"], a: number, b: number, d: number): number {
  let sum = 0;
  for (let i = 0; i < d; i++) sum += data[a + i]! * data[b + i]!;
  const lengths = norm(data, a, d) * norm(data, b, d);
  return lengths === 0 ? 0 : sum / lengths;
}

/** What one token gives to each patch, by head. */
export function weightsOf(session: Session, { dims, data }: Value, k: number): Float32Array {
  const [rows, columns] = session.facts.grid;
  const n = dims[2]!;
  const from = (k * n + tokenOf(session, n)) * n;
  return Float32Array.from(data.subarray(from + n - rows * columns, from + n));
}

export const largestOf = (values: ArrayLike<number>): number => {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, values[i]!);
  return largest;
};

interface HeadsProps {
  session: Session;
  attention: Value;
  l: number;
  heaviest: number;
}

function Heads({ session, attention, l, heaviest }: HeadsProps) {
  const [rows, columns] = session.facts.grid;
  const { off, scale } = view.value;
  return (
    <div class="heads">
      {Array.from({ length: session.heads }, (_, k) => {
        const values = weightsOf(session, attention, k);
        const most = largestOf(values);
        const isOff = off.includes(`${l + 1}.${k + 1}`);
        return (
          <figure key={k} class={isOff ? "off" : ""}>
            <a
              href={addressOf({ ...view.value, page: "head", l: l + 1, k: k + 1 })}
              aria-label={`Head ${k + 1} of layer ${l + 1}`}
            >
              <Heat
                {...{ values, rows, columns, low: 0, high: scale === "own" ? most : heaviest }}
                chosen={chosenPatch(session)}
                onPatch={choose}
                label={`Attention of the ${chosenName(session)}: at most ${percent(most)}`}
              />
            </a>
            <figcaption>
              <span>head {k + 1}</span> <span class="note">{isOff ? "off" : percent(most, 0)}</span>
            </figcaption>
          </figure>
        );
      })}
    </div>
  );
}
