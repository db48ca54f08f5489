/** @file Which files are tokenized, and which of them are measured on. */

import { existsSync, realpathSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { some } from "../../base/file-names.ts";
import { talk } from "../../base/talk.ts";
import { partIn, partOf } from "../sets/parts.ts";
import { ENDING } from "./pieces.ts";
import { listTexts, type TextFile } from "./text-files.ts";

export interface TextsToTokenize {
  /** In the order in which they are written. */
  files: string[];
  /** Those that are measured on; undefined where names do not say it. */
  held: ReadonlySet<string> | undefined;
}

/**
 * The texts among files and folders. Names say what is measured on, as they do for text:FOLDER: val and test, of files or of their
 * folders. One line says which, or that it is a share of all; another what was left out.
 * @throws {UsageError} no text among them, or one of them twice; {DataError} names that say two parts, a text beside its .gz
 */
export function textsToTokenize(inputs: readonly string[], valShare: number): TextsToTokenize {
  const texts = inputs.flatMap(textsOf);
  const files = texts.map(({ file }) => file);
  if (files.length === 0) throw new UsageError("tokenize: expected .txt, .jsonl or .parquet files, got none");
  refuseTwice(files);
  const held = texts.filter(({ part }) => part === "valid" || part === "test").map(({ file }) => file);
  if (held.length > 0 && held.length < files.length) {
    talk(`tokenize: measures on ${some(held)}, learns from the rest`);
    return { files, held: new Set(held) };
  }
  const why = held.length > 0 ? "all names say val or test" : "no name says val or test";
  talk(
    `tokenize: ${why}; measures on ${Number((100 * valShare).toPrecision(6))} % of the text, spread evenly`,
  );
  return { files, held: undefined };
}

/** A text that is given twice would be learned from twice, or learned from and measured on. */
function refuseTwice(files: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const file of files) {
    const real = realpathSync(file);
    const before = seen.get(real);
    if (before !== undefined)
      throw new UsageError(
        `${file}: given twice${before === file ? "" : `, also as ${before}`}; give each text once`,
        { path: file },
      );
    seen.set(real, file);
  }
}

function textsOf(input: string): TextFile[] {
  if (!existsSync(input))
    throw new UsageError(`${input}: expected a file or a folder of texts, found nothing`, { path: input });
  if (!statSync(input).isDirectory())
    return [{ file: input, part: partIn(basename(input).replace(ENDING, ""), input) }];
  const within = partOf(basename(resolve(input)));
  const { texts, leftOut } = listTexts(input, ENDING);
  if (leftOut.length > 0) talk(`${input}: left out ${some(leftOut)}`);
  return texts.map(({ file, part }) => ({ file: join(input, file), part: part ?? within }));
}
