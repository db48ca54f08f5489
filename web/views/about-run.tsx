/** @file What a run is: its checkpoints, its last scores, its recipe. */

import { formatNumber } from "../../src/chart/index.ts";
import type { RunDetail } from "../../src/studio/shapes.ts";

const size = (bytes: number): string =>
  bytes >= 2 ** 20 ? `${(bytes / 2 ** 20).toFixed(1)} MiB` : `${Math.max(1, Math.round(bytes / 1024))} KiB`;

export function AboutRun({ detail }: { detail: RunDetail }) {
  const { checkpoints, scores, yaml, seed, parameters, method } = detail;
  const facts = [
    ["method", method],
    ["parameters", parameters?.toLocaleString("en")],
    ["random seed", seed],
    ...Object.entries(scores),
  ].filter(([, value]) => value !== undefined && value !== "");
  return (
    <div class="about">
      <section aria-label="The run">
        <h3>The run</h3>
        <dl class="facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{typeof value === "number" ? formatNumber(value) : value}</dd>
            </div>
          ))}
        </dl>
      </section>
      <section aria-label="Checkpoints">
        <h3>Checkpoints</h3>
        {checkpoints.length === 0 ? (
          <p class="note">None yet: the first is saved after the first evaluation.</p>
        ) : (
          <table class="numbers">
            <thead>
              <tr>
                <th scope="col">step</th>
                <th scope="col">weights</th>
                <th scope="col">is</th>
              </tr>
            </thead>
            <tbody>
              {checkpoints.map(({ name, step, bytes, isBest, isLast }) => (
                <tr key={name}>
                  <th scope="row">{step.toLocaleString("en")}</th>
                  <td>{size(bytes)}</td>
                  <td>{[isBest && "best", isLast && "last"].filter(Boolean).join(", ")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
      <section aria-label="Recipe" class="recipe">
        <details>
          <summary>
            <h3>Recipe</h3>
          </summary>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
          <pre tabIndex={0}>{yaml}</pre>
        </details>
      </section>
    </div>
  );
}
