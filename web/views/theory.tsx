/** @file Does the theory hold here? Every claim with its verdict, and what the layers of a run show beside some. */

import type { TheoryRow } from "../../src/studio/shapes.ts";
import { go, view } from "../address.ts";
import { useFetched } from "../fetched.ts";
import { host } from "../host.ts";
import { runs } from "../runs.ts";
import type { Studio } from "../source/source.ts";
import { type Shown, shownOf } from "../theory/shown.ts";
import { RunChoice } from "./run-choice.tsx";
import { Problem, Waiting } from "./state.tsx";

export function Theory({ studio }: { studio: Studio }) {
  const { value, error } = useFetched(() => studio.theory(), "theory");
  const chosen = view.value.with || (runs.value?.[0]?.id ?? "");
  const shown = useFetched(async () => (chosen ? await shownOf(studio, chosen) : undefined), chosen);
  if (error !== undefined) return <Problem>{error}</Problem>;
  if (value === undefined) return <Waiting what="the claims" />;
  const checked = value.filter(({ passed }) => passed !== undefined);
  const holding = checked.filter(({ passed }) => passed);
  return (
    <div class="theory">
      {checked.length === 0 ? (
        <div class="empty">
          <h2>Nothing was checked in this folder yet</h2>
          <p>The claims stand below. This checks all of them by experiments, in under a minute:</p>
          <pre>npx vitrine verify --quick --output FOLDER/verify</pre>
          <p class="note">
            {host === "studio"
              ? "FOLDER is the one whose runs are shown here; the newest report in it is read."
              : "FOLDER is the one that has the exported runs; then export them again."}
          </p>
        </div>
      ) : (
        <p class="verdict">
          <strong>
            {holding.length} of {checked.length} claims
          </strong>{" "}
          came out as stated when vitrine verify checked them last.
          {checked.length < value.length && ` Not checked: ${value.length - checked.length} more.`}
        </p>
      )}
      {chosen && (
        <div class="controls">
          <RunChoice name="Beside them, the layers of" value={chosen} on={(id) => go({ with: id })} />
          {shown.error && <span class="warm">{shown.error}</span>}
        </div>
      )}
      {[...new Set(value.map(({ group }) => group))].map((group) => (
        <section key={group}>
          <h2>{group}</h2>
          <ol class="claims">
            {value
              .filter((claim) => claim.group === group)
              .map((claim) => (
                <Claim key={claim.name} claim={claim} shown={shown.value} />
              ))}
          </ol>
        </section>
      ))}
    </div>
  );
}

const VERDICTS = { yes: "as stated", no: "not as stated", not: "not checked" } as const;

function Claim({ claim, shown }: { claim: TheoryRow; shown: Shown | undefined }) {
  const { name, title, source, expected, condition, passed, measured, figure, ofLayers } = claim;
  const verdict = passed === undefined ? "not" : passed ? "yes" : "no";
  const beside = ofLayers && shown?.of[ofLayers];
  return (
    <li id={name}>
      <h3>{title}</h3>
      <p class={`badge ${verdict}`}>{VERDICTS[verdict]}</p>
      <p class="note source">
        {name} · {source}
      </p>
      <div class="said">
        <dl>
          {condition && (
            <div>
              <dt>{condition.kind}</dt>
              <dd>{condition.text}</dd>
            </div>
          )}
          <div>
            <dt>expected</dt>
            <dd>{expected}</dd>
          </div>
          {measured !== undefined && (
            <div>
              <dt>measured</dt>
              <dd>{measured}</dd>
            </div>
          )}
          {beside !== undefined && shown !== undefined && (
            <div class="beside">
              <dt>{shown.name}</dt>
              <dd>{beside}</dd>
            </div>
          )}
        </dl>
        {figure !== undefined && (
          <details>
            <summary>Figure</summary>
            <img src={figure} alt={`Figure of the claim: ${title}`} loading="lazy" />
          </details>
        )}
      </div>
    </li>
  );
}
