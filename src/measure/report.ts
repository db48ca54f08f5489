/** @file Reports: numbers that are not finite get a reason, files are checked when written and when read. */

import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { DataError, UsageError } from "../base/errors.ts";
import { makeFolder, writeFileAtomic } from "../base/write-file.ts";
import { REPORT_VERSION, type Report, reportSchema } from "./report-schema.ts";

/** Why a value at a path is null. */
type Missing = Report["missing"][number];

/**
 * The same tree with every NaN and infinity as null, and a list of where and why.
 * JSON has no such numbers: they would become null without a word.
 */
export function withoutGaps<T>(
  tree: T,
  reason: (path: string, value: number) => string,
): { tree: T; missing: Missing[] } {
  const missing: Missing[] = [];
  const visit = (value: unknown, path: string): unknown => {
    if (typeof value === "number" && !Number.isFinite(value)) {
      missing.push({ path, reason: reason(path, value) });
      return null;
    }
    if (Array.isArray(value)) return value.map((item, i) => visit(item, join(path, String(i))));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, visit(item, join(path, key))]),
    );
  };
  return { tree: visit(tree, "") as T, missing };
}

/**
 * Checks a report: its form, and that each null has its reason.
 * @throws {DataError} with `source` and the first thing that is wrong
 */
export function checkReport(value: unknown, source: string): Report {
  const other = otherThan(value);
  if (other !== undefined) throw new DataError(`${source}: ${other}`, { path: source });
  const refuse = (path: readonly PropertyKey[], what: string): never => {
    const place = path.map(String).join(".") || "top level";
    throw new DataError(`${source}: damaged report: ${place}: ${what}; ${ANEW}`, { path: source });
  };
  const result = reportSchema.safeParse(value);
  if (!result.success) {
    const { path, message } = result.error.issues[0]!;
    return refuse(path, lowerFirst(message));
  }
  const reasons = result.data.missing.map(({ path }) => path);
  const bare = nulls(result.data, []).find((path) => !reasons.some((reason) => matches(reason, path)));
  return bare === undefined ? result.data : refuse(bare, "is null, and missing has no reason");
}

const ANEW = 'write it anew with "vitrine inspect"';

/** What a file is, where it is whole but no report of this version. */
function otherThan(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return `not a report, which is an object; ${ANEW}`;
  const { kind, version, claims } = value as Record<string, unknown>;
  if (Array.isArray(claims)) return 'a report of "vitrine verify", expected one of "vitrine inspect"';
  if (version === 1 && kind === undefined)
    return `a report of version 1, expected ${REPORT_VERSION}, which has one form for all methods; ${ANEW}`;
  if (typeof kind === "string" && kind !== "inspection")
    return `a report of kind "${kind}", expected "inspection"; ${ANEW}`;
  if (typeof version === "number" && version !== REPORT_VERSION)
    return `a report of version ${version}, expected ${REPORT_VERSION}; ${ANEW}`;
  return undefined;
}

/**
 * Reads the report.json that `vitrine inspect` wrote.
 * @throws {UsageError} no such file; {DataError} not JSON, another version or kind, damaged: with the file and the field
 */
export function readReport(file: string): Report {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${file} cannot be read (${code}); "vitrine inspect RUN" writes reports`, {
      path: file,
      cause: error,
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DataError(`${file}: not a report: not JSON; ${ANEW}`, { path: file, cause: error });
  }
  return checkReport(value, file);
}

/** Writes a report whole or not at all, making its folder. @throws {DataError} not a report; {DiskError} cannot be written */
export function writeReport(file: string, report: Report): void {
  const text = `${JSON.stringify(checkReport(report, file), null, 1)}\n`;
  makeFolder(dirname(file));
  writeFileAtomic(file, text);
}

const join = (path: string, key: string) => (path === "" ? key : `${path}.${key}`);
const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);

function nulls(value: unknown, path: string[]): string[][] {
  if (value === null) return [path];
  if (typeof value !== "object") return [];
  return Object.entries(value as object).flatMap(([key, item]) => nulls(item, [...path, key]));
}

/** Names in a path may have points of their own: those of numbers and rows. */
const matches = (pattern: string, path: string[]): boolean => {
  if (pattern === path.join(".")) return true;
  const parts = pattern.split(".");
  return parts.length === path.length && parts.every((part, i) => part === "*" || part === path[i]);
};
