/** @file Which setting is best? Each sweep as a table over seeds, and the curves of its settings. */

import { formatNumber } from "../../src/chart/index.ts";
import type { SpreadRow, SweepRow, SweepSettingRow } from "../../src/studio/shapes.ts";
import { addressWith } from "../address.ts";
import { useFetched } from "../fetched.ts";
import { runs } from "../runs.ts";
import type { Studio } from "../source/source.ts";
import { meanCurve } from "../sweeps/mean-curve.ts";
import { PanelOf } from "../train/panel.tsx";
import { PX } from "../train/plot.tsx";
import { Empty, Problem, Waiting } from "./state.tsx";

export function Sweeps({ studio }: { studio: Studio }) {
  const changed = runs.value?.map(({ step }) => step).join(" ") ?? ""; // a run that came on may have ended
  const { value, error } = useFetched(() => studio.sweeps(), changed, true);
  if (error !== undefined) return <Problem>{error}</Problem>;
  if (value === undefined) return <Waiting what="the sweeps" />;
  if (value.length === 0)
    return (
      <Empty title="No sweeps here yet">
        <p>A sweep runs a recipe by several settings and seeds, and compares them:</p>
        <pre>npx vitrine sweep digits --set train.lr=1e-3,3e-3 --seeds 2</pre>
      </Empty>
    );
  return (
    <div class="compare">
      {value.map((sweep) => (
        <OneSweep key={sweep.id} sweep={sweep} studio={studio} />
      ))}
    </div>
  );
}

function OneSweep({ sweep, studio }: { sweep: SweepRow; studio: Studio }) {
  const { name, recipe, problem, settings } = sweep;
  const done = settings.flatMap((setting) => setting.runs.filter(({ state }) => state === "done"));
  const all = settings.flatMap(({ runs, problem: why }) => (why === undefined ? runs : []));
  return (
    <section aria-labelledby={sweep.id}>
      <h2 id={sweep.id}>{name}</h2>
      {problem === undefined ? (
        <p class="note">
          Recipe {recipe}; {done.length} of {all.length} runs are done. ± is the deviation over seeds.
        </p>
      ) : (
        <Problem>{problem}</Problem>
      )}
      <Settings sweep={sweep} />
      <Curves sweep={sweep} studio={studio} />
    </section>
  );
}

/** The best first; what has not run is last. */
const ranked = ({ settings }: SweepRow): SweepSettingRow[] =>
  [...settings].sort((a, b) => (b.score ?? Number.NEGATIVE_INFINITY) - (a.score ?? Number.NEGATIVE_INFINITY));

/** Curves in one chart: as many as there are colours. */
const MOST = 7;

function Settings({ sweep }: { sweep: SweepRow }) {
  const { figure = "score" } = sweep;
  const test = sweep.settings.some((setting) => setting.test !== undefined);
  const whole = (n: number | undefined) => (n === undefined ? "–" : Math.round(n).toLocaleString("en"));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="scroll" tabIndex={0} aria-label="Settings">
      <table class="compared">
        <thead>
          <tr>
            <th scope="col">setting</th>
            <th scope="col">validation {figure}</th>
            {test && <th scope="col">test {figure}</th>}
            <th scope="col">steps</th>
            <th scope="col">parameters</th>
            <th scope="col">MFLOP</th>
            <th scope="col">processor s</th>
            <th scope="col">runs</th>
          </tr>
        </thead>
        <tbody>
          {ranked(sweep).map((setting, tone) => (
            <tr key={setting.name}>
              <th scope="row">
                {tone < MOST && setting.validation && <span class={`swatch v-s${tone}`} aria-hidden="true" />}
                {setting.words}
                {setting.isChosen && <b> chosen</b>}
              </th>
              <td>{inWords(setting.validation)}</td>
              {test && <td>{inWords(setting.test)}</td>}
              <td>{whole(setting.steps)}</td>
              <td>{whole(setting.parameters)}</td>
              <td>{setting.flops === undefined ? "–" : (setting.flops / 1e6).toFixed(1)}</td>
              <td>{whole(setting.processorSeconds)}</td>
              <td>{setting.problem ?? <RunLinks {...setting} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function inWords(spread: SpreadRow | undefined): string {
  if (spread === undefined) return "–";
  const { mean, deviation } = spread;
  return deviation === undefined ? formatNumber(mean) : `${formatNumber(mean)} ± ${formatNumber(deviation)}`;
}

/** The run of each seed, where there is one. */
function RunLinks({ runs: own }: SweepSettingRow) {
  const there = new Set(runs.value?.map(({ id }) => id));
  return (
    <>
      {own.map(({ id, seed, state }) => (
        <span key={seed}>
          {there.has(id) ? <a href={addressWith({ page: "train", run: id })}>seed {seed}</a> : `seed ${seed}`}
          {state === "done" ? " " : ` ${state} `}
        </span>
      ))}
    </>
  );
}

function Curves({ sweep, studio }: { sweep: SweepRow; studio: Studio }) {
  const { figure } = sweep;
  const name = `eval/${figure}`;
  const there = new Set(runs.value?.map(({ id }) => id));
  const shown = ranked(sweep).filter(({ validation }) => validation).slice(0, MOST); // biome-ignore format: short
  const ids = shown.map((setting) => setting.runs.filter(({ id }) => there.has(id)).map(({ id }) => id));
  const load = () =>
    Promise.all(
      ids.map((each) => Promise.all(each.map((id) => studio.metrics(id, { names: [name], px: PX })))),
    );
  const { value, error } = useFetched(load, `${sweep.id} ${ids.join(" ")}`, true);
  if (figure === undefined || shown.length === 0) return null;
  if (error !== undefined) return <Problem>{error}</Problem>;
  if (value === undefined) return <Waiting what="the curves" />;
  const lines = value.flatMap((columns, tone) => {
    const setting = shown[tone];
    if (setting === undefined) return [];
    return [{ ...meanCurve(columns, name), name, tone, shown: setting.words }];
  });
  const end = Math.max(1, ...lines.flatMap(({ step }) => step.at(-1) ?? 1));
  const about =
    "Of each setting, the mean over seeds between the least and the largest, on the validation split.";
  return (
    <PanelOf
      panel={{ title: `Validation ${figure}`, about, unit: figure, names: [name], scale: 1 }}
      lines={lines}
      checkpoints={[]}
      range={[0, end]}
    />
  );
}
