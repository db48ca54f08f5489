/** @file All runs, the newest on top. */

import { useEffect, useState } from "preact/hooks";
import { addressWith, go, view } from "../address.ts";
import { useBounds } from "../bounds.ts";
import { host } from "../host.ts";
import { isUp, problem, runs } from "../runs.ts";
import type { Studio } from "../source/source.ts";
import { RunLine } from "./run-line.tsx";
import { Empty, Problem, Waiting } from "./state.tsx";

export function Runs({ studio }: { studio: Studio }) {
  const { q, tick } = view.value;
  useBounds({});
  const all = runs.value;
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  const found = (all ?? []).filter(({ name, method, model, data, result }) => {
    const text = [name, method, model, data, result].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const count = useGrowing(found.length);
  if (problem.value) return <Problem>{problem.value}</Problem>;
  if (all === undefined) return <Waiting what="the runs" />;
  if (all.length === 0) return <NoRuns />;
  return (
    <div class="runs">
      <div class="controls">
        <label class="find">
          <span class="hidden">Find runs by name, method, model, data or result</span>
          <input
            type="search"
            placeholder="Find: digits crate"
            value={q}
            onInput={({ currentTarget }) => go({ q: currentTarget.value })}
          />
        </label>
        <span class="note" role="status">
          {found.length === all.length ? `${all.length} runs` : `${found.length} of ${all.length} runs`}
          {!isUp.value && "; the studio does not answer, it is asked again"}
        </span>
        <Compare tick={tick} />
      </div>
      {found.length === 0 ? (
        <Empty title="No run has all of these words">
          <button type="button" onClick={() => go({ q: "" })}>
            Show all runs
          </button>
        </Empty>
      ) : (
        <table class="run-table">
          <thead>
            <tr>
              <th scope="col">
                <span class="hidden">Compare</span>
              </th>
              <th scope="col">run</th>
              <th scope="col" class="number">
                step
              </th>
              <th scope="col">best</th>
              <th scope="col">objective</th>
              <th scope="col">
                <i>R</i>
                <sup>c</sup> by layer
              </th>
              <th scope="col" class="number">
                written
              </th>
            </tr>
          </thead>
          <tbody>
            {found.slice(0, count).map((run) => (
              <RunLine key={run.id} run={run} studio={studio} isTicked={tick.includes(run.id)} />
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

/** The first screen at once, the rest as the page comes to rest. */
function useGrowing(length: number): number {
  const [count, set] = useState(25);
  useEffect(() => {
    if (count >= length) return undefined;
    const timer = setTimeout(() => set(count + 100), 30);
    return () => clearTimeout(timer);
  }, [count, length]);
  return count;
}

function Compare({ tick }: { tick: readonly string[] }) {
  const [a, b] = tick;
  if (a === undefined) return <span class="note grow">Tick two runs to compare them.</span>;
  if (b === undefined) return <span class="note grow">Tick another run to compare it with.</span>;
  return (
    <a class="action" href={addressWith({ page: "cmp", a, b })}>
      Compare the two
    </a>
  );
}

function NoRuns() {
  if (host === "files")
    return (
      <Empty title="No runs were exported">
        <p>Name runs: vitrine export RUN… --format page --output FOLDER</p>
      </Empty>
    );
  return (
    <Empty title="No runs here yet">
      <p>Three commands make one, measure its layers and draw on it:</p>
      <pre>
        {[
          "npx vitrine train digits --experiment first",
          "npx vitrine inspect runs/first",
          "npx vitrine studio runs",
        ].join("\n")}
      </pre>
      <p class="note">
        A run appears here as soon as its folder is made, and its curves grow while it trains.
      </p>
    </Empty>
  );
}
