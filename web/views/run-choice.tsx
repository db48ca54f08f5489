/** @file One of the runs. */

import { runs } from "../runs.ts";

interface Props {
  name: string;
  /** Id; a run that has gone is said so. */
  value: string;
  /** Place in the palette of its curves. */
  tone?: number;
  on: (id: string) => void;
}

export function RunChoice({ name, value, tone, on }: Props) {
  const all = runs.value ?? [];
  const isGone = value !== "" && !all.some(({ id }) => id === value);
  return (
    <label class="run-choice">
      {tone !== undefined && <span class={`swatch v-s${tone}`} aria-hidden="true" />}
      <span>{name}</span>
      <select value={value} onChange={({ currentTarget }) => on(currentTarget.value)}>
        {value === "" && <option value="">choose a run</option>}
        {isGone && <option value={value}>a run that is not here</option>}
        {all.map(({ id, name: run }) => (
          <option key={id} value={id}>
            {run}
          </option>
        ))}
      </select>
    </label>
  );
}
