/** @file The numbers of two runs on shared axes: those that both have, a chart each. */

import { useEffect, useMemo } from "preact/hooks";
import { formatNumber } from "../../src/chart/index.ts";
import { view } from "../address.ts";
import { type Curves, LiveCurves } from "../train/curves.ts";
import { PanelOf } from "../train/panel.tsx";
import { lineOf, type Panel, panelsOf, shortName } from "../train/panels.ts";
import { PX } from "../train/plot.tsx";
import { Controls } from "../views/curve-controls.tsx";
import { Empty, Problem, Waiting } from "../views/state.tsx";
import type { Both } from "./both.ts";
import { Names } from "./recipe.tsx";

function useCurves({ studio, id }: Both["a"]): LiveCurves {
  const live = useMemo(() => new LiveCurves(studio!, id, PX), [id]);
  const { first, last } = view.value;
  useEffect(() => {
    void live.load(first, last);
    return () => live.stop();
  }, [live, first, last]);
  return live;
}

export function PairedCurves({ a, b }: Both) {
  const [left, right] = [useCurves(a), useCurves(b)];
  const [one, two] = [left.curves.value, right.curves.value];
  const problem = left.problem.value || right.problem.value;
  return (
    <section aria-labelledby="curves">
      <h2 id="curves">Curves</h2>
      {problem && <Problem>{problem}</Problem>}
      {one && two ? <Shown {...{ a, b, one, two }} /> : !problem && <Waiting what="the numbers" />}
    </section>
  );
}

interface Two extends Both {
  one: Curves;
  two: Curves;
}

function Shown({ a, b, one, two }: Two) {
  const names = [...one.series.keys()].filter((name) => two.series.has(name));
  const alone = one.series.size + two.series.size - 2 * names.length;
  const panels = panelsOf(names).flatMap((panel) => panel.names.map((name) => onlyOf(panel, name)));
  if (panels.length === 0)
    return (
      <Empty title="No number of one is a number of the other">
        <p>
          {one.series.size === 0 || two.series.size === 0
            ? "One of them has written no record yet."
            : `${a.name} learns by ${a.detail!.method}, ${b.name} by ${b.detail!.method}; each has its own curves on its page.`}
        </p>
      </Empty>
    );
  const ends = [one, two].map(({ step }) => step.at(-1) ?? 1);
  const { first, last } = view.value;
  const low = first ?? 0;
  const range = [low, Math.max(last ?? Math.max(...ends), low + 1)] as const;
  return (
    <>
      <Controls />
      <div class="panels">
        {panels.map((panel) => (
          <PanelOf
            key={panel.names[0]}
            panel={panel}
            lines={[a, b].map(({ name }, tone) => ({
              ...lineOf(tone === 0 ? one : two, panel.names[0]!, panel.scale),
              ...{ tone, shown: name },
            }))}
            checkpoints={[]}
            range={range}
          />
        ))}
      </div>
      <p class="note foot">
        All records of both are drawn, {one.rows.toLocaleString("en")} and {two.rows.toLocaleString("en")}.
        Steps are steps of the optimiser; batches of other sizes see more or fewer samples in a step.
        {alone > 0 && ` ${alone} ${alone === 1 ? "number is" : "numbers are"} of one run alone.`}
      </p>
      {view.value.table && <LastNumbers {...{ a, b, one, two, names }} />}
    </>
  );
}

/** One of a panel's numbers, which then needs no other name than the panel's. */
function onlyOf(panel: Panel, name: string): Panel {
  const part = shortName(name, panel);
  return {
    ...panel,
    names: [name],
    title: panel.names.length === 1 ? panel.title : `${panel.title}: ${part}`,
  };
}

function LastNumbers({ a, b, one, two, names }: Two & { names: readonly string[] }) {
  const lastOf = ({ series }: Curves, name: string) => series.get(name)?.last.findLast((x) => x != null);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="scroll" tabIndex={0} aria-label="Last numbers">
      <table class="compared">
        <caption>The last number of each</caption>
        <thead>
          <tr>
            <th scope="col">number</th>
            <Names a={a} b={b} />
          </tr>
        </thead>
        <tbody>
          {names.map((name) => (
            <tr key={name}>
              <th scope="row">
                <code>{name}</code>
              </th>
              {[one, two].map((curves, i) => {
                const value = lastOf(curves, name);
                return <td key={i}>{value == null ? "–" : formatNumber(value)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
