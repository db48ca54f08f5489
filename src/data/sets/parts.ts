/** @file Which part of a data set a name says: train, valid or test. */
import { DataError } from "../../base/errors.ts";

export type Part = "train" | "valid" | "test";

const WORDS: ReadonlyMap<string, Part> = new Map([
  ...(["train", "test"] as const).map((word) => [word, word] as const),
  ...["val", "valid", "validation", "dev"].map((word) => [word, "valid"] as const),
]);

/** The part that a whole name says, in any case. */
export const partOf = (name: string): Part | undefined => WORDS.get(name.toLowerCase());

/**
 * The part that a name says as its whole stem or as a word of it, after or before `_`, `-`, `.` or a space: "wiki_train",
 * "My-Dev", "test.v2".
 * @throws DataError for a name that says two
 */
export function partIn(stem: string, path: string): Part | undefined {
  const [part, ...others] = new Set(stem.split(/[_\-. ]/).flatMap((word) => partOf(word) ?? []));
  if (others.length > 0)
    throw new DataError(
      `${path}: its name says ${[part, ...others].join(" and ")}, expected one; rename it`,
      {
        path,
      },
    );
  return part;
}
