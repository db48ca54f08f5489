/** @file A JSON tree, damaged in every place. */

const OTHERS = [null, [], {}, "", "x", -1, 1e308, true, [null], { a: 1 }];

/** Every value of a tree once left out and once replaced by each of some others. */
export function* damages(
  tree: object,
  into: (changed: object) => string = JSON.stringify,
): Generator<string> {
  function* at(node: Record<string, unknown>, root: object): Generator<string> {
    for (const [key, value] of Object.entries(node)) {
      delete node[key];
      yield into(root);
      for (const other of OTHERS) {
        node[key] = other;
        yield into(root);
      }
      node[key] = value;
      if (typeof value === "object" && value !== null) yield* at(value as Record<string, unknown>, root);
    }
  }
  const own = structuredClone(tree);
  yield* at(own as Record<string, unknown>, own);
}

/** Texts that are no object of ours. */
export const WHOLES = [
  "{}",
  "null",
  "[]",
  "",
  "3",
  '"x"',
  "{",
  "[[[[",
  "\0\0\0",
  "{}{}",
  "true",
  '{"a": 1}',
  "NaN",
];
