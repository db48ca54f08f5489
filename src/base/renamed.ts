/** @file Settings that have been given another name: new files are told so, old runs and weights are read. */

/** Old path → new path. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ["method.precision", "method.epsilon"],
  ["model.step", "model.eta"],
  ["model.threshold", "model.lambda"],
  ["model.block", "model.context"],
]);

type Tree = Readonly<Record<string, unknown>>;

/** The name that a key has now; undefined where it was never renamed. */
export const newName = (path: string): string | undefined => RENAMED.get(path);

const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Settings as an earlier version wrote them, under the names of today.
 * @returns the settings themselves where no name is old; `renamed` has a sentence for each that is
 */
export function underNewNames(values: unknown): { values: unknown; renamed: string[] } {
  if (!isTree(values)) return { values, renamed: [] };
  let tree = values;
  const renamed: string[] = [];
  for (const [from, to] of RENAMED) {
    const [section, key] = from.split(".") as [string, string];
    const old = tree[section];
    if (!isTree(old) || !Object.hasOwn(old, key)) continue;
    const { [key]: value, ...rest } = old;
    tree = { ...tree, [section]: { ...rest, [to.slice(section.length + 1)]: value } };
    renamed.push(`${from} is now called ${to}`);
  }
  return { values: tree, renamed };
}
