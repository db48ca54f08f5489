/** @file Does each layer's objective fall? During training, and as inspect measured it. */

import { useBounds } from "../bounds.ts";
import { useFetched } from "../fetched.ts";
import { Probes } from "../layers/probes.tsx";
import { ReportSection } from "../layers/report.tsx";
import { runs } from "../runs.ts";
import type { RunHere } from "../source/source.ts";
import { Empty, Problem, Waiting } from "./state.tsx";

export function Layers({ run }: { run: RunHere }) {
  const { hasReport, hasProbes, running, name } = run.detail!;
  const studio = run.studio!;
  // a running run measures its layers again at each evaluation
  const changed = runs.value?.find(({ id }) => id === run.id)?.changed ?? "";
  const probes = useFetched(
    async () => (hasProbes || running ? await studio.probes(run.id) : []),
    `${run.id} ${changed}`,
    true,
  );
  const report = useFetched(async () => (hasReport ? await studio.report(run.id) : undefined), run.id);
  useBounds({ times: probes.value?.map(({ step }) => step) ?? [] });
  if (probes.value === undefined && probes.error === undefined) return <Waiting what="the layers" />;
  const rows = probes.value ?? [];
  if (rows.length === 0 && !hasReport && probes.error === undefined)
    return <NoLayers name={name} isRunning={running} />;
  return (
    <div class="layers">
      {probes.error && <Problem>{probes.error}</Problem>}
      {rows.length > 0 && <Probes rows={rows} />}
      {report.error && <Problem>{report.error}</Problem>}
      {report.value ? (
        <ReportSection report={report.value} />
      ) : (
        !hasReport && (
          <p class="note foot">
            vitrine inspect {name} measures more: three definitions of the rate over any number of test
            images, with bands.
          </p>
        )
      )}
    </div>
  );
}

const NoLayers = ({ name, isRunning }: { name: string; isRunning: boolean }) => (
  <Empty title="Nothing was measured of its layers">
    <p>
      {isRunning
        ? "Training measures the layers at each evaluation; the first has not been yet."
        : "Runs of this version measure their layers at each evaluation. This one did not, or has no layers of tokens. Measure it now:"}
    </p>
    {!isRunning && <pre>npx vitrine inspect {name}</pre>}
  </Empty>
);
