/** @file The linear assignment problem. */

import { UsageError } from "../../tensor/index.ts";

/**
 * The cheapest way to give each row a column of its own, by shortest augmenting paths with potentials (Jonker and
 * Volgenant), O(rows² · columns).
 *
 * @param cost finite, rows of equal length
 * @returns the column of each row; −1 for rows without one, where there are more rows than columns
 * @throws {UsageError} ragged rows, costs that are not finite
 * @example assignment([[4, 1], [2, 0]]); // [1, 0], cost 3
 */
export function assignment(cost: readonly (readonly number[])[]): number[] {
  const rows = cost.length;
  const columns = cost[0]?.length ?? 0;
  for (const [i, row] of cost.entries())
    if (row.length !== columns || row.some((value) => !Number.isFinite(value)))
      throw new UsageError(`assignment: expected ${columns} finite costs in every row, not so in row ${i}`);
  if (rows <= columns) return rowsToColumns(cost, columns);
  const turned = Array.from({ length: columns }, (_, j) => cost.map((row) => row[j]!));
  const result = new Array<number>(rows).fill(-1);
  for (const [j, i] of rowsToColumns(turned, rows).entries()) result[i] = j;
  return result;
}

/** At most as many rows as columns. */
function rowsToColumns(cost: readonly (readonly number[])[], columns: number): number[] {
  const rowOf = new Int32Array(columns).fill(-1);
  const columnOf = new Array<number>(cost.length).fill(-1);
  const u = new Float64Array(cost.length);
  const v = new Float64Array(columns);
  for (let start = 0; start < cost.length; start++) {
    const { end, lengths, previous, visited, last } = shortestPath(cost, columns, start, rowOf, u, v);
    // potentials: every edge on a shortest path becomes tight, none negative
    u[start]! += last;
    for (let j = 0; j < columns; j++)
      if (visited[j] === 1) {
        const slack = last - lengths[j]!;
        v[j]! -= slack;
        if (j !== end) u[rowOf[j]!]! += slack;
      }
    for (let j = end; ; ) {
      const row = previous[j]!;
      rowOf[j] = row;
      [columnOf[row], j] = [j, columnOf[row]!];
      if (row === start) break;
    }
  }
  return columnOf;
}

/** Dijkstra in reduced costs from a free row to the nearest free column. */
function shortestPath(
  cost: readonly (readonly number[])[],
  columns: number,
  start: number,
  rowOf: Int32Array,
  u: Float64Array,
  v: Float64Array,
) {
  const lengths = new Float64Array(columns).fill(Number.POSITIVE_INFINITY);
  const previous = new Int32Array(columns).fill(-1);
  const visited = new Uint8Array(columns);
  let row = start;
  let last = 0;
  for (;;) {
    const costs = cost[row]!;
    let next = -1;
    for (let j = 0; j < columns; j++) {
      if (visited[j] === 1) continue;
      const length = last + costs[j]! - u[row]! - v[j]!;
      if (length < lengths[j]!) {
        lengths[j] = length;
        previous[j] = row;
      }
      if (next < 0 || lengths[j]! < lengths[next]!) next = j;
    }
    visited[next] = 1;
    last = lengths[next]!;
    if (rowOf[next]! < 0) return { end: next, lengths, previous, visited, last };
    row = rowOf[next]!;
  }
}
