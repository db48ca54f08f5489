/** @file The keys of recipes as a table, read off the schemas: for flags, help, docs and error messages. */
import { z } from "zod";
import { shortest } from "../base/plain-text.ts";
import { methodEntry, methodNames } from "./registry.ts";

/** One leaf of a recipe; in the table of all methods, what its schemas have in common. */
export interface Key {
  /** Dotted path, such as `train.epochs`. */
  path: string;
  /** Methods whose recipes have it. */
  methods: readonly string[];
  kind: "number" | "size" | "boolean" | "text" | "choice" | "pair" | "list";
  /** What may be written, in words: "a whole number from 1". */
  expected: string;
  /** What may be written, as short as a help text wants it: `<n>`, `<cls|mean>`. */
  placeholder: string;
  /** The values allowed, when they can be listed. */
  choices: readonly (string | number)[];
  /** Nothing where there is none, or methods have different ones. */
  default: unknown;
  /** Of a key of models: the families that have it. */
  families?: readonly string[];
  /** Whether there are other families, which do not. */
  partial?: boolean;
  /** By all of its methods. */
  required: boolean;
  /** Whether one of its methods does without it: `none` takes it away. */
  optional: boolean;
  about: string;
}

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  prefixItems?: Schema[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
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

/** The JSON Schema of recipes, as editors read it. */
export function recipeJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(z.union(methodNames().map((name) => methodEntry(name).schema)), {
    io: "input",
  }) as Record<string, unknown>;
}

const tables = new Map<string, readonly Key[]>();
let merged: readonly Key[] | undefined;

/** Every key of one method's recipes, in the order of its schema; of all methods', section by section, without one. */
export function recipeKeys(method?: string): readonly Key[] {
  if (method === undefined) {
    merged ??= mergeTables();
    return merged;
  }
  const known =
    tables.get(method) ??
    leaves(z.toJSONSchema(methodEntry(method).schema, { io: "input" }) as Schema, "").map((key) => ({
      ...key,
      methods: [method],
    }));
  tables.set(method, known);
  return known;
}

/** The key at a dotted path, of one method or of any, if there is one. */
export function keyAt(path: string, method?: string): Key | undefined {
  return recipeKeys(method).find((key) => key.path === path);
}

/** Keys of all methods: one of each path, in the order name, about, model, data, method, train, seed. */
function mergeTables(): readonly Key[] {
  const byPath = new Map<string, Key>();
  for (const key of methodNames().flatMap((method) => recipeKeys(method))) {
    const known = byPath.get(key.path);
    byPath.set(key.path, known === undefined ? key : mergeKeys(known, key));
  }
  const sections = ["name", "about", "model", "data", "method", "train", "seed"];
  const place = ({ path }: Key) => sections.indexOf(path.split(".")[0]!);
  return [...byPath.values()].sort((a, b) => place(a) - place(b));
}

function mergeKeys(a: Key, b: Key): Key {
  const choices = [...new Set([...a.choices, ...b.choices])];
  const about = a.about === b.about ? a.about : `${a.about}; ${b.methods.join(", ")}: ${b.about}`;
  const common = {
    methods: [...a.methods, ...b.methods],
    required: a.required && b.required,
    optional: a.optional || b.optional,
    default: same(a.default, b.default) ? a.default : undefined,
    about: a.about.includes(b.about) ? a.about : about,
    ...familiesOfBoth(a, b),
  };
  return choices.length === 0
    ? {
        ...a,
        ...common,
        expected:
          a.expected === b.expected ? a.expected : `${a.expected} (${b.methods.join(", ")}: ${b.expected})`,
      }
    : { ...a, ...common, choices, ...choiceTexts(choices, a.path) };
}

/** `crate, crate_mae only`; nothing where every model has the key. */
export const familiesInWords = ({ families, partial }: Key): string =>
  partial && families !== undefined && families.length > 0 ? `${families.join(", ")} only` : "";

function familiesOfBoth(a: Key, b: Key): Pick<Key, "families" | "partial"> {
  // a method's own key of the same name belongs to no family
  if (!a.families?.length || !b.families?.length) return { families: [], partial: false };
  const families = [...new Set([...a.families, ...b.families])];
  return { families, partial: (a.partial ?? false) || (b.partial ?? false) };
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * The value that a text stands for: what a flag or a variable holds, read as the key's type. A text that is not of the type
 * is returned as it is, for the schema to refuse; `none` stands for "not given" (null) on a key that may be left out.
 */
export function parseText(key: Key, text: string): unknown {
  if (key.optional && text === "none") return null;
  const number = (part: string) => (part.trim() === "" || Number.isNaN(Number(part)) ? part : Number(part));
  if (key.kind === "number") return number(text);
  if (key.kind === "size") return text.includes(",") ? text.split(",").map(number) : number(text);
  if (key.kind === "pair") return text.split(",").map(number);
  if (key.kind === "list") return text === "" ? [] : text.split(",").map(number);
  if (key.kind === "boolean") return text === "true" ? true : text === "false" ? false : text;
  if (key.kind === "choice" && typeof key.choices[0] === "number") return number(text);
  return text;
}

function leaves(schema: Schema, prefix: string): Omit<Key, "methods">[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    const required = schema.required?.includes(name) ?? false;
    if (child.type === "object") return leaves(child, path);
    const variants = child.anyOf ?? child.oneOf ?? [];
    if (variants[0]?.type === "object") return variantLeaves(variants, path);
    return [leaf(path, child, required)];
  });
}

/** Keys of models: one of each path, with the families that have it. */
function variantLeaves(families: readonly Schema[], path: string): Omit<Key, "methods">[] {
  const byPath = new Map<string, Key>();
  for (const schema of families) {
    const keys = leaves(schema, path);
    const [name] = keys.find((key) => key.path === `${path}.name`)?.choices ?? [];
    for (const key of keys) {
      const own = { ...key, methods: [], families: [`${name}`] };
      const known = byPath.get(key.path);
      byPath.set(key.path, known === undefined ? own : mergeKeys(known, own));
    }
  }
  return [...byPath.values()].map((key) => {
    const partial = (key.families ?? []).length < families.length;
    return { ...key, partial, required: key.required && !partial };
  });
}

function leaf(path: string, schema: Schema, required: boolean): Omit<Key, "methods"> {
  const choices = schema.enum ?? (schema.const === undefined ? [] : [schema.const]);
  const optional = !required && schema.default === undefined;
  const common = {
    path,
    choices,
    default: schema.default,
    required,
    optional,
    about: schema.description ?? "",
  };
  if (choices.length > 0) return { ...common, kind: "choice", ...choiceTexts(choices, path) };
  const [one] = schema.anyOf ?? [];
  if (one !== undefined)
    return {
      ...common,
      kind: "size",
      expected: `a whole number${range(one)}, or two: height,width`,
      placeholder: "<n|h,w>",
    };
  if (schema.type === "array" && schema.prefixItems === undefined) {
    const what = schema.items?.type === "integer" ? "whole numbers" : "numbers";
    return {
      ...common,
      kind: "list",
      expected: `${what}${range(schema.items ?? {})}, as many as you like`,
      placeholder: "<a,b,…>",
    };
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

const choiceTexts = (choices: readonly (string | number)[], path: string) => ({
  expected: choices.length === 1 ? `${choices[0]}` : `one of ${choices.join(", ")}`,
  placeholder: shortly(choices, path),
});

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
      ? `from ${shortest(minimum)}`
      : exclusiveMinimum !== undefined
        ? `above ${exclusiveMinimum}`
        : "";
  // zod bounds every integer by the largest safe one, which is no news to a reader
  const bounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  const high = bounded
    ? `up to ${shortest(maximum)}`
    : exclusiveMaximum !== undefined
      ? `below ${exclusiveMaximum}`
      : "";
  return [low, high]
    .filter((text) => text !== "")
    .map((text) => ` ${text}`)
    .join(low.startsWith("above") ? " and" : "");
}
