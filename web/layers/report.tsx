/** @file What `vitrine inspect` measured: the charts of its figures, one definition of the rate at a time. */

import type { ComponentChildren } from "preact";
import { nonZeroPanels, ratePanels } from "../../src/measure/layer-figures.ts";
import type { Report } from "../../src/measure/report-schema.ts";
import { go, view } from "../address.ts";
import { ESTIMATORS, type Estimator } from "../fields.ts";
import { Choice } from "../views/choice.tsx";
import { Figure } from "../views/figure.tsx";
import { Raised, Rc } from "../views/letters.tsx";
import { ReportTable } from "./report-table.tsx";

const NAMES: Readonly<Record<Estimator, string>> = {
  authors: "authors' code",
  paper: "paper",
  unit: "paper, unit tokens",
  taken: "taken away by MSSA",
};

/** What each definition measures; numbers of two of them cannot be compared. */
function definition(which: Estimator, { settings }: Report): ComponentChildren {
  const { epsilon, authorsEpsilon } = settings ?? {};
  const U = (
    <span class="math">
      <i>U</i>
    </span>
  );
  const half = <Raised letter="Z">ℓ+½</Raised>;
  return {
    authors: (
      <>
        The estimator of the authors' code: <Rc /> of the normalised tokens LN(
        <Raised letter="Z">ℓ</Raised>) in the subspaces {U} of each head, each scaled to length 1; ε ={" "}
        {authorsEpsilon}, not squared. It does not depend on how long tokens are, and papers' curves have it.
      </>
    ),
    paper: (
      <>
        The paper's definition: <Rc />({half} | {U}) of the tokens between MSSA and ISTA, as long as they are;
        ε = {epsilon}. It grows with the length of the tokens.
      </>
    ),
    unit: (
      <>
        The paper's definition of tokens scaled to length 1, so that only their directions count; ε ={" "}
        {epsilon}.
      </>
    ),
    taken: (
      <>
        <Rc /> before MSSA minus <Rc /> after it, of tokens of length 1: above 0 the layer compresses, below 0
        it expands.
      </>
    ),
  }[which];
}

export function ReportSection({ report }: { report: Report }) {
  const { rate, table } = view.value;
  const isWhite = (report.layers ?? []).some(({ after }) =>
    after.some(({ authorsRate }) => authorsRate !== undefined),
  );
  const chart = isWhite ? ratePanels(report).charts[ESTIMATORS.indexOf(rate)] : undefined;
  const nonZero = (report.layers ?? []).some(({ after }) =>
    after.some((layer) => layer.nonZero !== undefined),
  );
  const charts = [...(chart ? [chart] : []), ...(nonZero ? nonZeroPanels(report).charts : [])];
  return (
    <section aria-labelledby="measured">
      <h3 id="measured">As measured by vitrine inspect</h3>
      <p class="note">
        {report.samples} {report.data?.unit ?? "samples"}
        {report.data && ` of the ${report.data.split} split of ${report.data.name}`}
        {report.checkpoint && `, checkpoint ${report.checkpoint.name}`}; bands: ± one standard deviation over
        them.
      </p>
      {isWhite && (
        <>
          <div class="bar-of-choices">
            <Choice name="Definition" value={rate} options={NAMES} on={(value) => go({ rate: value })} />
          </div>
          <p class="definition">{definition(rate, report)}</p>
        </>
      )}
      {charts.length > 0 && <Figure charts={charts} columns={2} />}
      {table && <ReportTable report={report} />}
    </section>
  );
}
