/** @file Texts by name: found like other data sets, read whole, and split. */

import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { DataError, UsageError } from "../../base/errors.ts";
import { some } from "../../base/file-names.ts";
import { talk } from "../../base/talk.ts";
import { dataRoot } from "../sets/find.ts";
import { listTexts, readText } from "./text-files.ts";

/** A text to learn from and one to be measured on. */
export interface TextSet {
  name: string;
  train: string;
  test: string;
  /** SHA-256 of both. */
  fingerprint(): string;
}

/** Texts with a name of their own, for lists. */
export const TEXTS = [
  {
    name: "text:tinyshakespeare",
    title: "Tiny Shakespeare, 1,115,394 characters",
    licence: "public domain",
  },
  { name: "text:PATH", title: "a file of text, or a folder of them", licence: "your own" },
] as const;

/** Share of one text, from its start, that is learned from. */
const TRAIN_SHARE = 0.9;

/** Whether a name is of a text. */
export const isTextName = (name: string): boolean => name.startsWith("text:");

/**
 * Opens text:NAME: a file (plain UTF-8 or .gz), or a folder. A folder whose files say train and test, or valid, is split
 * so; any other text by position, the first 90 % of its characters for training. One line says which.
 *
 * NAME is a path, or a name in the folder of data sets or in its `text/`.
 *
 * @throws {UsageError} a name that does not begin with text:
 * @throws {DataError} not there, with where it was looked for; empty, or not UTF-8
 */
export function openText(name: string, options: { dir?: string } = {}): TextSet {
  if (!isTextName(name) || name === "text:")
    throw new UsageError(
      `data.name: expected a text, such as text:tinyshakespeare or text:PATH, got "${name}"`,
      { path: "data.name", received: name },
    );
  const found = locateText(name, options.dir);
  const { train, test } = statSync(found).isDirectory()
    ? readFolder(name, found)
    : byPosition(name, readText(found));
  if (train.length === 0 || test.length === 0)
    throw new DataError(`${found}: expected a text, got ${train.length + test.length} characters`, {
      path: found,
    });
  const fingerprint = () => createHash("sha256").update(train).update("\0").update(test).digest("hex");
  return { name, train, test, fingerprint };
}

/** The first 90 % of a text's characters, and the rest. */
export function splitText(text: string): { train: string; test: string } {
  let at = Math.floor(text.length * TRAIN_SHARE);
  const code = text.charCodeAt(at);
  if (code >= 0xdc00 && code <= 0xdfff) at--; // not between the halves of a character
  return { train: text.slice(0, at), test: text.slice(at) };
}

/** Splits by position, and says so. */
function byPosition(name: string, text: string): { train: string; test: string } {
  talk(
    `${name}: split by position, the first ${100 * TRAIN_SHARE} % of its ${text.length} characters to learn from, the rest to measure on`,
  );
  return splitText(text);
}

/** Splits by what the files' names say, or else all of them together by position; says which. */
function readFolder(name: string, folder: string): { train: string; test: string } {
  const { texts, leftOut } = listTexts(folder);
  if (texts.length === 0)
    throw new DataError(`${folder}: expected files that end in .txt or .txt.gz, got none`, { path: folder });
  const named = (part: string) => texts.filter((text) => text.part === part).map(({ file }) => file);
  const read = (files: readonly string[]) => files.map((file) => readText(join(folder, file))).join("");
  const train = named("train");
  const held = [named("test"), named("valid")].find((files) => files.length > 0) ?? [];
  const split = train.length > 0 && held.length > 0;
  const used = split ? [...train, ...held] : texts.map(({ file }) => file);
  const others = [...texts.map(({ file }) => file).filter((file) => !used.includes(file)), ...leftOut];
  if (others.length > 0) talk(`${name}: left out ${some(others)}`);
  if (!split) return byPosition(name, read(used));
  talk(`${name}: learns from ${some(train)}, is measured on ${some(held)}`);
  return { train: read(train), test: read(held) };
}

/** Where text:NAME lies. @throws {DataError} nowhere */
export function locateText(name: string, dir?: string): string {
  const path = name.slice("text:".length);
  const root = dataRoot(dir);
  const places = [join(root, "text", path), join(root, path), resolve(path)];
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new DataError(
    `${name}: not found at ${places.join(" or ")}; put the text there, or say where it is with --data.dir or VITRINE_DATA`,
    { path: root },
  );
}
