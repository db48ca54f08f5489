/** @file The keys of a recipe as a table, read off the schema: for flags, help, docs and error messages. */
import { z } from "zod";
import { recipeSchema } from "./recipe-schema.ts";

/** One leaf of the recipe. */
export interface Key {
  /** Dotted path, such as `train.epochs`. */
  path: string;
  kind: "number" | "boolean" | "text" | "choice" | "pair";
  /** What may be written, in words: "a whole number from 1". */
  expected: string;
  /** What may be written, as short as a help text wants it: `<n>`, `<cls|mean>`. */
  placeholder: string;
  /** The values allowed, when they can be listed. */
  choices: readonly (string | number)[];
  default: unknown;
  required: boolean;
  about: string;
}

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  prefixItems?: Schema[];
  enum?: (string | number)[];
  const?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  default?: unknown;
  description?: string;
  expected?: string;
}

/** The JSON Schema of a recipe, as editors read it. */
export function recipeJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(recipeSchema, { io: "input" }) as Record<string, unknown>;
}

let table: readonly Key[] | undefined;

/** Every key in the order of the schema. */
export function recipeKeys(): readonly Key[] {
  table ??= leaves(recipeJsonSchema() as Schema, "");
  return table;
}

/** The key at a dotted path, if there is one. */
export function keyAt(path: string): Key | undefined {
  return recipeKeys().find((key) => key.path === path);
}

/**
 * The value that a text stands for: what a flag or a variable holds, read as the key's type. A text that is not of the type
 * is returned as it is, for the schema to refuse; `none` stands for "not given" (null) on a key that may be left out.
 */
export function parseText(key: Key, text: string): unknown {
  const optional = !key.required && key.default === undefined;
  if (optional && text === "none") return null;
  const number = (part: string) => (part.trim() === "" || Number.isNaN(Number(part)) ? part : Number(part));
  if (key.kind === "number") return number(text);
  if (key.kind === "pair") return text.split(",").map(number);
  if (key.kind === "boolean") return text === "true" ? true : text === "false" ? false : text;
  if (key.kind === "choice" && typeof key.choices[0] === "number") return number(text);
  return text;
}

function leaves(schema: Schema, prefix: string): Key[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    const required = schema.required?.includes(name) ?? false;
    return child.type === "object" ? leaves(child, path) : [leaf(path, child, required)];
  });
}

function leaf(path: string, schema: Schema, required: boolean): Key {
  const choices = schema.enum ?? (schema.const === undefined ? [] : [schema.const]);
  const common = { path, choices, default: schema.default, required, about: schema.description ?? "" };
  if (choices.length > 0) {
    const expected = choices.length === 1 ? `${choices[0]}` : `one of ${choices.join(", ")}`;
    return { ...common, kind: "choice", expected, placeholder: shortly(choices, path) };
  }
  if (schema.type === "array") {
    const part = schema.prefixItems?.[0] ?? {};
    return { ...common, kind: "pair", expected: `two numbers${range(part)}`, placeholder: "<a,b>" };
  }
  if (schema.type === "boolean") {
    return { ...common, kind: "boolean", expected: "true or false", placeholder: "<true|false>" };
  }
  if (schema.type === "string") {
    return { ...common, kind: "text", expected: schema.expected ?? "a text", placeholder: "<text>" };
  }
  const word = schema.type === "integer" ? "a whole number" : "a number";
  return { ...common, kind: "number", expected: `${word}${range(schema)}`, placeholder: "<n>" };
}

/** `<cls|mean>`, or the key's own name where the list would fill the line. */
function shortly(choices: readonly (string | number)[], path: string): string {
  const list = choices.join("|");
  return `<${list.length <= 30 ? list : path.slice(path.lastIndexOf(".") + 1)}>`;
}

/** " from 1 up to 5", " above 0 and below 1", … in words; nothing where there is no bound. */
function range(schema: Schema): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const low =
    minimum !== undefined
      ? `from ${minimum}`
      : exclusiveMinimum !== undefined
        ? `above ${exclusiveMinimum}`
        : "";
  // zod bounds every integer by the largest safe one, which is no news to a reader
  const bounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  const high = bounded
    ? `up to ${maximum}`
    : exclusiveMaximum !== undefined
      ? `below ${exclusiveMaximum}`
      : "";
  return [low, high]
    .filter((text) => text !== "")
    .map((text) => ` ${text}`)
    .join(low.startsWith("above") ? " and" : "");
}
