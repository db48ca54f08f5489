/** @file What two runs were told, where it is not the same. */

import type { Both } from "./both.ts";
import { differencesOf } from "./recipe-difference.ts";

export function RecipeDifference({ a, b }: Both) {
  const { different, equal } = differencesOf(a.detail!.recipe, b.detail!.recipe);
  const same = `${equal.toLocaleString("en")} ${equal === 1 ? "key is" : "keys are"} equal`;
  return (
    <section aria-labelledby="recipes">
      <h2 id="recipes">Recipes</h2>
      {different.length === 0 ? (
        <p class="verdict">
          The recipes are the same: {same}. What differs below comes of what no recipe fixes.
        </p>
      ) : (
        <>
          <p class="note">
            {different.length} {different.length === 1 ? "key differs" : "keys differ"}, {same}. A dash: that
            recipe has no such key.
          </p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
          <section class="scroll" tabIndex={0} aria-label="Keys that differ">
            <table class="compared">
              <thead>
                <tr>
                  <th scope="col">key</th>
                  <Names a={a} b={b} />
                </tr>
              </thead>
              <tbody>
                {different.map(({ key, a: left, b: right }) => (
                  <tr key={key}>
                    <th scope="row">
                      <code>{key}</code>
                    </th>
                    <td>{left ?? "–"}</td>
                    <td>{right ?? "–"}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        </>
      )}
    </section>
  );
}

/** The two runs as heads of columns, each in its colour. */
export const Names = ({ a, b }: Both) => (
  <>
    {[a, b].map(({ id, name }, tone) => (
      <th key={id} scope="col">
        <span class={`swatch v-s${tone}`} aria-hidden="true" />
        {name}
      </th>
    ))}
  </>
);
