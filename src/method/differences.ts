/** @file In which settings two runs differ. */

/** Settings that do not change what is learned: a run may go on with others. */
export const FREE = new Set([
  "about",
  "data.dir",
  "data.workers",
  "data.resident",
  "train.device",
  "train.graph",
  "train.threads",
  "train.keep",
  "train.checkpointEvery",
  "train.logInterval",
]);

/** Dotted paths whose values differ. */
export function differences(a: unknown, b: unknown, path = ""): string[] {
  if (isTree(a) && isTree(b))
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
      differences(a[key], b[key], path === "" ? key : `${path}.${key}`),
    );
  return JSON.stringify(a) === JSON.stringify(b) ? [] : [path];
}

export const isTree = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Keys of a recipe as they are; what was noted of the data set is one thing to a reader. */
export function inWords(paths: readonly string[]): string {
  const words = paths.map((path) => (path.startsWith("dataset.") ? "the data set's contents" : path));
  return [...new Set(words)].join(", ");
}
