/** @file One picture through two networks, layer beside layer. */

import { useEffect } from "preact/hooks";
import { go, view } from "../address.ts";
import { useFetched } from "../fetched.ts";
import type { LayerSeen } from "../seen.ts";
import { Session } from "../session.ts";
import type { RunHere } from "../source/source.ts";
import { Choice } from "./choice.tsx";
import { Heat } from "./heat.tsx";
import { Input } from "./input.tsx";
import { largestOf, weightsOf } from "./layer-row.tsx";
import { percent, Rc } from "./letters.tsx";
import { Probabilities } from "./probabilities.tsx";
import { scalesOf } from "./see.tsx";
import { Problem, Waiting } from "./state.tsx";
import { LayerTable } from "./tables.tsx";
import { TakenPanel } from "./taken.tsx";

interface Two {
  a: RunHere;
  b: RunHere;
}

/** The first session takes the picture, the second follows it. */
export function TwoModels({ a, b }: Two) {
  const { value, error } = useFetched(
    () => Promise.all([Session.open(a, "best"), Session.open(b, "best", true)]),
    `${a.id} ${b.id}`,
  );
  useEffect(() => {
    if (value === undefined) return;
    const [first, second] = value;
    const end = second.follow(first);
    return () => {
      end();
      for (const session of value) session.close();
    };
  }, [value]);
  if (error !== undefined) return <Problem>{error}</Problem>;
  if (value === undefined) return <Waiting what="both networks" />;
  return <Both sessions={value} />;
}

function Both({ sessions }: { sessions: readonly [Session, Session] }) {
  const [first, second] = sessions;
  return (
    <div class="with-picture">
      <div class="left">
        <Input session={first} />
        <TakenPanel session={first} />
        {second.problem.value && <Problem>{second.problem.value}</Problem>}
      </div>
      <div class="right">
        <Choice
          name="Attention"
          value={view.value.scale}
          options={{ all: "one scale a network", own: "each its own" }}
          on={(scale) => go({ scale })}
        />
        <div class="pair">
          <One session={first} />
          <One session={second} />
        </div>
        <p class="note">
          Both see the same picture, each as it takes it. <Rc /> is there where heads have subspaces; numbers
          of networks of other sizes are not on one scale.
        </p>
      </div>
    </div>
  );
}

function One({ session }: { session: Session }) {
  const seen = session.seen.value;
  const { name, model } = session.facts;
  if (seen === undefined) return <Waiting what={name} />;
  const { heaviest } = scalesOf(session, seen);
  return (
    <section class="one" aria-label={name}>
      <h3>{name}</h3>
      <p class="note">{model}</p>
      <Probabilities session={session} />
      {seen.layers.map((layer, l) => (
        <Layer key={l} {...{ session, layer, l, heaviest }} />
      ))}
      {view.value.table && <LayerTable session={session} seen={seen} />}
    </section>
  );
}

interface LayerProps {
  session: Session;
  layer: LayerSeen;
  /** From 0. */
  l: number;
  heaviest: number;
}

/** What is measured of a layer, and where its heads look. */
function Layer({ session, layer: { rate, nonZero, attention }, l, heaviest }: LayerProps) {
  const [rows, columns] = session.facts.grid;
  return (
    <div class="small-layer">
      <p>
        <b>Layer {l + 1}</b>{" "}
        <span class="note">
          {rate !== undefined && (
            <>
              <Rc /> {rate.toFixed(1)} nats ·{" "}
            </>
          )}
          non-zeros {percent(nonZero)}
        </span>
      </p>
      <div class="small-heads">
        {Array.from({ length: session.heads }, (_, k) => {
          const values = weightsOf(session, attention, k);
          const most = largestOf(values);
          return (
            <Heat
              key={k}
              {...{ values, rows, columns, low: 0, high: view.value.scale === "own" ? most : heaviest }}
              label={`Head ${k + 1}: at most ${percent(most)}`}
            />
          );
        })}
      </div>
    </div>
  );
}
