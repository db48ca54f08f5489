/** @file One record as one line of JSON, in which numbers that are not finite survive as "NaN", "Infinity", "-Infinity". */

/** What a record may hold. */
export type JsonValue =
  | number
  | string
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };
export type JsonRecord = { readonly [key: string]: JsonValue };

const NOT_FINITE = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

/** The record without line breaks; JSON has no word for NaN, and null would hide that a loss was infinite. */
export function toJsonLine(record: JsonRecord): string {
  return JSON.stringify(record, (_, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
  );
}

/** The record of a line; the three strings become numbers again. Throws `SyntaxError` when it is not an object. */
export function fromJsonLine(line: string): JsonRecord {
  const record: unknown = JSON.parse(line, (_, value: unknown) =>
    typeof value === "string" ? (NOT_FINITE.get(value) ?? value) : value,
  );
  if (typeof record !== "object" || record === null || Array.isArray(record))
    throw new SyntaxError("not an object");
  return record as JsonRecord;
}
