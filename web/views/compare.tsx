/** @file How do two runs differ? What they were told, what they became, and what they make of one picture. */

import { go, view } from "../address.ts";
import { PairedCurves } from "../compare/curves.tsx";
import { PairedLayers } from "../compare/layers.tsx";
import { Numbers } from "../compare/numbers.tsx";
import { OnePicture } from "../compare/picture.tsx";
import { RecipeDifference } from "../compare/recipe.tsx";
import { useFetched } from "../fetched.ts";
import { runHere } from "../run-here.ts";
import { problem, runs } from "../runs.ts";
import type { Studio } from "../source/source.ts";
import { RunChoice } from "./run-choice.tsx";
import { Empty, Problem, Waiting } from "./state.tsx";

export function Compare({ studio }: { studio: Studio }) {
  const { a, b } = view.value;
  const all = runs.value;
  if (problem.value) return <Problem>{problem.value}</Problem>;
  if (all === undefined) return <Waiting what="the runs" />;
  return (
    <div class="compare">
      <div class="controls">
        <RunChoice name="First" tone={0} value={a} on={(id) => go({ a: id })} />
        <RunChoice name="Second" tone={1} value={b} on={(id) => go({ b: id })} />
        <button type="button" disabled={!a || !b} onClick={() => go({ a: b, b: a })}>
          Swap
        </button>
      </div>
      {a === "" || b === "" ? (
        <Empty title="Choose two runs">
          <p>Above, or by their boxes in the list of runs.</p>
        </Empty>
      ) : a === b ? (
        <Empty title="This is one run twice">
          <p>Choose another as first or second.</p>
        </Empty>
      ) : (
        <Two key={`${a} ${b}`} studio={studio} ids={[a, b]} />
      )}
    </div>
  );
}

function Two({ studio, ids }: { studio: Studio; ids: readonly [string, string] }) {
  const { value, error } = useFetched(
    () => Promise.all([studio.run(ids[0]), studio.run(ids[1])]),
    ids.join(" "),
  );
  if (error !== undefined)
    return (
      <Empty title="One of them cannot be read">
        <Problem>{error}</Problem>
        <p>It may have been moved or removed. Choose another above.</p>
      </Empty>
    );
  if (value === undefined) return <Waiting what="both runs" />;
  const both = { a: runHere(studio, value[0]), b: runHere(studio, value[1]) };
  const [one, two] = value.map(({ method }) => method);
  return (
    <>
      {one !== two && (
        <p class="verdict">
          They learn by different methods, {one} and {two}: only numbers of the same name and meaning can be
          compared.
        </p>
      )}
      <RecipeDifference {...both} />
      <PairedCurves {...both} />
      <PairedLayers {...both} />
      <Numbers {...both} />
      <OnePicture {...both} />
    </>
  );
}
