/** @file The numbers of a text, a row for each token. */

import type { TextAnswer } from "../../src/studio/shapes.ts";
import { signed } from "../views/letters.tsx";
import { RowsTable } from "./rows-table.tsx";
import { shownToken } from "./text.tsx";
import { added } from "./text-rates.tsx";

/** @param row attention of the chosen token in the chosen head */
export function TextTable({ answer, row }: { answer: TextAnswer; row: ArrayLike<number> }) {
  const { tokens, layers, next, pOfNext } = answer;
  const rates = layers.flatMap(({ rc }) => (rc === undefined ? [] : [added(rc)]));
  return (
    <RowsTable
      caption="Tokens: attention that the chosen one gives them, the likeliest next one, nats that each adds to Rᶜ by layer"
      columns={[
        "token",
        "text",
        "attention, %",
        "next",
        "p, %",
        "p of the next, %",
        ...rates.map((_, l) => `layer ${l + 1}`),
      ]}
      rows={tokens.map((token, i) => [
        ...[i + 1, shownToken(token), (100 * row[i]!).toFixed(2)],
        ...[shownToken(next[i]?.[0]?.token ?? ""), (100 * (next[i]?.[0]?.p ?? 0)).toFixed(1)],
        pOfNext[i] == null ? "–" : (100 * pOfNext[i]).toFixed(1),
        ...rates.map((values) => signed(values[i]!)),
      ])}
    />
  );
}
