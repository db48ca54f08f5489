/** @file Where two recipes differ, by dotted key. */

export interface Difference {
  /** `train.lr` */
  readonly key: string;
  /** As text; nothing where a recipe has no such key. */
  readonly a: string | undefined;
  readonly b: string | undefined;
}

export interface Differences {
  readonly different: readonly Difference[];
  /** Keys whose values are equal. */
  readonly equal: number;
}

/** What a recipe is called changes no run. */
const NAMES = new Set(["name", "about"]);

export function differencesOf(a: unknown, b: unknown): Differences {
  const [left, right] = [leavesOf(a), leavesOf(b)];
  const keys = [...new Set([...left.keys(), ...right.keys()])].filter((key) => !NAMES.has(key));
  const all = keys.map((key) => ({ key, a: left.get(key), b: right.get(key) }));
  const different = all.filter((each) => each.a !== each.b);
  return { different, equal: all.length - different.length };
}

/** Values by dotted key; a list is one value. */
function leavesOf(value: unknown, key = ""): Map<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return new Map([[key, typeof value === "string" ? value : (JSON.stringify(value) ?? "")]]);
  return new Map(
    Object.entries(value).flatMap(([name, below]) => [...leavesOf(below, key ? `${key}.${name}` : name)]),
  );
}
