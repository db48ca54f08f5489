/** @file One run in the table: its spark lines are read when it comes into view. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { RunRow } from "../../src/studio/shapes.ts";
import { addressWith, go, view } from "../address.ts";
import type { Studio } from "../source/source.ts";
import { type Sparks, sparksOf } from "../sparks.ts";
import { Spark } from "./spark.tsx";

interface Props {
  run: RunRow;
  studio: Studio;
  isTicked: boolean;
}

/** Of three ticks the last two stay. */
function toggle(id: string): void {
  const { tick } = view.peek();
  go({ tick: tick.includes(id) ? tick.filter((each) => each !== id) : [...tick, id].slice(-2) });
}

export function RunLine({ run, studio, isTicked }: Props) {
  const { id, name, method, model, data, step, result, running, changed, problem } = run;
  const place = useRef<HTMLTableRowElement>(null);
  const [sparks, set] = useState<Sparks | undefined>(undefined);
  const [isSeen, see] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => see(entry!.isIntersecting), {
      rootMargin: "80px",
    });
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (!isSeen || problem !== undefined) return undefined;
    let isWanted = true;
    void sparksOf(studio, run).then((found) => isWanted && set(found));
    return () => {
      isWanted = false;
    };
  }, [isSeen, step, changed]);
  return (
    <tr ref={place} class={isTicked ? "ticked" : ""}>
      <td>
        <input
          type="checkbox"
          checked={isTicked}
          aria-label={`Compare ${name}`}
          onChange={() => toggle(id)}
        />
      </td>
      <th scope="row">
        <a class="run-link" href={addressWith({ page: "train", run: id })}>
          {name}
        </a>
        {running && (
          <span class="live">
            <span class="dot" aria-hidden="true" />
            running
          </span>
        )}
        <span class="note">{[model, data, method].filter(Boolean).join(" · ")}</span>
        {problem && <span class="note warm">{problem}</span>}
      </th>
      <td class="number">{step.toLocaleString("en")}</td>
      <td class="result">{result || "–"}</td>
      <td>{sparks?.loss && <Spark {...sparks.loss} />}</td>
      <td>{sparks?.rate && <Spark {...sparks.rate} />}</td>
      <td class="number note">
        <time dateTime={changed}>{ago(changed)}</time>
      </td>
    </tr>
  );
}

/** `3 min ago`, and the date of what is older than a day. */
function ago(time: string): string {
  const seconds = (Date.now() - Date.parse(time)) / 1000;
  if (Number.isNaN(seconds)) return "";
  if (seconds < 60) return "now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return time.slice(0, 10);
}
