/** @file What was measured of both at the end: reports of `vitrine inspect` side by side, else the last evaluations. */

import { formatNumber } from "../../src/chart/index.ts";
import type { Report, ReportLayer } from "../../src/measure/report-schema.ts";
import { useFetched } from "../fetched.ts";
import { MEASURES, shown } from "../layers/report-table.tsx";
import type { RunHere } from "../source/source.ts";
import { Problem } from "../views/state.tsx";
import type { Both } from "./both.ts";
import { Names } from "./recipe.tsx";

type Value = number | string | null | undefined;
const written = (value: Value) => (typeof value === "number" ? formatNumber(value) : (value ?? "–"));

const reportOf = async ({ studio, id, detail }: RunHere) =>
  detail!.hasReport ? await studio!.report(id) : undefined;

export function Numbers({ a, b }: Both) {
  const { value, error } = useFetched(() => Promise.all([reportOf(a), reportOf(b)]), `${a.id} ${b.id}`);
  const [left, right] = value ?? [];
  const missing = [a, b].filter(({ detail }) => !detail!.hasReport);
  return (
    <section aria-labelledby="numbers">
      <h2 id="numbers">Numbers</h2>
      <Table
        {...{ a, b }}
        caption="The last evaluation of each training"
        left={a.detail!.scores}
        right={b.detail!.scores}
      />
      {error !== undefined && <Problem>{error}</Problem>}
      {left && right && (
        <>
          <Table
            {...{ a, b }}
            caption={`As measured by vitrine inspect, of ${left.samples} and ${right.samples} samples`}
            left={left.numbers}
            right={right.numbers}
          />
          <ByLayer {...{ a, b, left, right }} />
        </>
      )}
      {missing.length > 0 && (
        <p class="note">
          vitrine inspect has not measured {missing.map(({ name }) => name).join(" and ")}; when it has
          measured both, the numbers of their layers stand here.
        </p>
      )}
    </section>
  );
}

interface TableProps extends Both {
  caption: string;
  left: Readonly<Record<string, Value>>;
  right: Readonly<Record<string, Value>>;
}

function Table({ a, b, caption, left, right }: TableProps) {
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  if (names.length === 0) return null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="scroll" tabIndex={0} aria-label={caption}>
      <table class="compared">
        <caption>{caption}</caption>
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
              <td>{written(left[name])}</td>
              <td>{written(right[name])}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const after = (report: Report): readonly ReportLayer[] => report.layers?.[0]?.after ?? [];

/** Layer beside layer, of measures that both have. */
function ByLayer({ a, b, left, right }: Both & { left: Report; right: Report }) {
  const [one, two] = [after(left), after(right)];
  const has = (layers: readonly ReportLayer[], key: (typeof MEASURES)[number][0]) =>
    layers.some((layer) => layer[key] !== undefined);
  const found = MEASURES.filter(([key]) => has(one, key) && has(two, key));
  if (found.length === 0) return null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="scroll" tabIndex={0} aria-label="Layers as vitrine inspect measured them">
      <table class="compared">
        <caption>Trained layers, mean ± standard deviation; rates in nats</caption>
        <thead>
          <tr>
            <th scope="col" rowSpan={2}>
              layer
            </th>
            {found.map(([key, title]) => (
              <th key={key} scope="colgroup" colSpan={2}>
                {title}
              </th>
            ))}
          </tr>
          <tr>
            {found.map(([key]) => (
              <Names key={key} a={a} b={b} />
            ))}
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: Math.max(one.length, two.length) }, (_, l) => (
            <tr key={l}>
              <th scope="row">{l + 1}</th>
              {found.flatMap(([key]) =>
                [one, two].map((layers, i) => <td key={`${key} ${i}`}>{shown(layers[l]?.[key])}</td>),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
