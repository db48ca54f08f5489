/** @file Where the class token looks, by layer and head, at the step that is looked at. */

import { go, view } from "../address.ts";
import { Choice } from "../views/choice.tsx";
import { Heat } from "../views/heat.tsx";
import { percent } from "../views/letters.tsx";

/** [image][layer][head][patch] */
type Attention = readonly (readonly (readonly (readonly number[])[])[])[];

export function AttentionOverTime({ attention }: { attention: Attention }) {
  const image = Math.min(view.value.image, attention.length);
  const layers = attention[image - 1]!;
  const patches = layers[0]![0]!.length;
  const rows = Math.sqrt(patches);
  const shape = Number.isInteger(rows) ? [rows, rows] : [1, patches];
  const most = layers.flat().reduce((a, head) => Math.max(a, ...head), 0);
  const choices = Object.fromEntries(attention.map((_, i) => [String(i + 1), String(i + 1)]));
  return (
    <div class="attention-of">
      <h3>Where the class token looks</h3>
      <div class="bar-of-choices">
        <Choice
          name="Image"
          value={String(image)}
          options={choices}
          on={(value) => go({ image: Number(value) })}
        />
        <span class="note">
          one scale: 0 … {percent(most, 0)}; equal shares would be {percent(1 / patches, 1)}
        </span>
      </div>
      <div class="head-grid">
        {layers.map((heads, l) => (
          <div key={l} class="head-row">
            <span class="note">layer {l + 1}</span>
            {heads.map((values, k) => (
              <Heat
                key={k}
                {...{ values, rows: shape[0]!, columns: shape[1]!, low: 0, high: most }}
                label={`Layer ${l + 1}, head ${k + 1}: at most ${percent(Math.max(...values))}`}
              />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}
