/** @file Class probabilities: bars, and what removing heads changes. */

import type { Session } from "../session.ts";
import { percent } from "./letters.tsx";

const MOST = 10;

export function Probabilities({ session }: { session: Session }) {
  const seen = session.seen.value;
  if (seen === undefined) return null;
  const { probabilities, whole } = seen;
  const all = probabilities.map((p, i) => ({
    p,
    before: whole[i]!,
    name: session.facts.classes[i] ?? `${i}`,
    i,
  }));
  // ten classes stay in their order, so that a bar is where it was; of more the most probable
  const shown = all.length <= MOST ? all : all.toSorted((a, b) => b.p - a.p).slice(0, MOST);
  const top = all.reduce((a, b) => (b.p > a.p ? b : a));
  return (
    <section
      class={`probabilities ${shown.some(({ name }) => name.length > 2) ? "wide" : ""}`}
      aria-label={`Class probabilities, ${session.facts.name}`}
    >
      <h2>
        Says{" "}
        <output class="answer" aria-live="polite">
          {top.name}
        </output>
      </h2>
      <table aria-label="Probability of each class">
        <tbody>
          {shown.map(({ p, before, name, i }) => (
            <tr key={i} class={i === top.i ? "top" : ""}>
              <th scope="row">{name}</th>
              <td class="bar">
                <span class="fill" style={{ width: `${100 * p}%` }} />
                {Math.abs(before - p) > 0.005 && <span class="before" style={{ left: `${100 * before}%` }} />}
              </td>
              <td class="number">{percent(p)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
