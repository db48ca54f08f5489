/** @file The registry: every model by name, built, counted and listed. */

import { hint, type Random, scope, UsageError } from "../tensor/index.ts";
import * as own from "./families.ts";
import type { Conflict, Family, Form, FormName, Forms } from "./family.ts";
import type { ModelOf, Networks } from "./networks.ts";

const families: Family[] = Object.values(own).sort((a, b) => (a.name < b.name ? -1 : 1));
let read = false;

/** The families that have a form, by name and then those that were added; all without one. */
export function familiesOf(form?: FormName): readonly Family[] {
  return form === undefined ? families : families.filter(({ forms }) => forms[form] !== undefined);
}

/**
 * Adds a family from elsewhere: recipes take it, lists show it, files of it are recognised.
 * @throws {UsageError} a name that is there already; recipes were read before, whose models are known from then on
 */
export function registerFamily(family: Family): void {
  const names = new Set(allNames());
  const taken = namesOf(family).find((name) => names.has(name));
  if (taken !== undefined) throw new UsageError(`model: "${taken}" is there already; give it another name`);
  if (read)
    throw new UsageError(
      `model: "${family.name}" comes late; register families before the first recipe is read`,
    );
  families.push(family);
}

/** The families of a recipe's schema; from then on no others come. */
export function settledFamilies(form: FormName): readonly Family[] {
  read = true;
  return familiesOf(form);
}

/** A family's name, and those of its sizes. */
export const namesOf = ({ name, sizes = {} }: Family): string[] => [name, ...Object.keys(sizes)];

const allNames = (form?: FormName): string[] => familiesOf(form).flatMap(namesOf);

/** Every name that `createModel` takes; of one form where it is given. */
export const modelNames = allNames;

/** A family by its name or that of one of its sizes, and what the size sets. @throws {UsageError} no such name */
export function familyOf(given: string, form?: FormName) {
  for (const family of familiesOf(form)) {
    const name = family.aliases?.[given] ?? given;
    if (!namesOf(family).includes(name)) continue;
    const { about, ...size } = family.sizes?.[name] ?? { about: family.about };
    return { family, name, about, size: size as Readonly<Record<string, unknown>> };
  }
  const names = allNames(form);
  throw new UsageError(`model: no "${given}"${hint(given, names)}; "vitrine models ls" lists them`);
}

/** What a name is in one of its forms, such as whether a language model is causal. @throws {UsageError} no such name */
export function formOf<F extends FormName>(name: string, form: F): NonNullable<Forms[F]> {
  return familyOf(name, form).family.forms[form] as NonNullable<Forms[F]>;
}

/** The form that options ask for: the classifier where there are classes, else the first other one. */
function formFor({ name, forms }: Family, options: object): FormName {
  const names = Object.keys(forms) as FormName[];
  const classifier = (options as { classes?: unknown }).classes !== undefined;
  const other = names.find((form) => form !== "classifier");
  const found = classifier && forms.classifier ? "classifier" : (other ?? names[0]);
  if (found === undefined) throw new UsageError(`model: "${name}" has no form to build`);
  return found;
}

interface Resolved {
  form: Form<unknown>;
  options: Readonly<Record<string, unknown>>;
}

/** The form of a name, and all its options. @throws {UsageError} as `createModel` */
function resolve(name: string, given: object, formName?: FormName): Resolved {
  const { family, size } = familyOf(name, formName);
  const form: Form<unknown> = family.forms[formName ?? formFor(family, given)]!;
  const own = Object.entries(given).filter(([, value]) => value !== undefined);
  const known = [...Object.keys(form.options.shape), ...(form.given ?? [])];
  const unknown = own.find(([key]) => !known.includes(key))?.[0];
  if (unknown !== undefined)
    throw new UsageError(
      `model.${unknown}: ${name} has no such option${hint(unknown, known) || `; it has ${known.join(", ")}`}`,
      { path: `model.${unknown}` },
    );
  const options = { ...size, ...Object.fromEntries(own) };
  const conflict = conflictIn(family, name, form, options);
  if (conflict !== undefined) {
    const path = `model.${conflict.key}`;
    throw new UsageError(`${path}: ${conflict.message}`, { path });
  }
  return { form, options };
}

function conflictIn(
  family: Family,
  name: string,
  form: Form<unknown>,
  options: object,
): Conflict | undefined {
  const missing = family.needs?.find((key) => (options as Record<string, unknown>)[key] === undefined);
  if (missing === undefined) return form.check?.(options);
  const [sized] = Object.keys(family.sizes ?? {});
  const or = sized === undefined ? "" : `, or take a model with a size such as ${sized}`;
  return { key: missing, message: `expected for model ${name}; give it${or}` };
}

/** The first option of a recipe's model that does not go with the others. @throws {UsageError} no such name */
export function modelConflict(
  { name, ...given }: { readonly name: string },
  formName: FormName,
): Conflict | undefined {
  const { family, size } = familyOf(name, formName);
  const form: Form<unknown> = family.forms[formName]!;
  return conflictIn(family, name, form, { ...size, ...given });
}

/**
 * Builds a model: as the form that is named, or as a classifier where `classes` are given, else without a head.
 *
 * @param name of a family, or of one of its published sizes, whose options may be given too
 * @throws {UsageError} a name or an option that is not known, a size that is missing, options that do not go together
 */
export function createModel<F extends FormName>(
  name: string,
  options: object,
  random: Random,
  form: F,
): Networks[F];
export function createModel<Name extends string, Options extends object>(
  name: Name,
  options: Options,
  random: Random,
): ModelOf<Name, Options>;
export function createModel(name: string, given: object, random: Random, formName?: FormName): unknown {
  const { form, options } = resolve(name, given, formName);
  return scope(() => form.build(options, random), "createModel");
}

/** Learned parameters of a model, without building it. @throws {UsageError} as `createModel` */
export function parameterCount(name: string, given: object, formName?: FormName): number {
  const { form, options } = resolve(name, given, formName);
  return form.count(options);
}

/** A model in a list. */
export interface ModelInfo {
  name: string;
  family: string;
  about: string;
  forms: readonly FormName[];
  dim?: number;
  depth?: number;
  heads?: number;
  headDim?: number;
  /** With the options of `shown`; not there for families that are of any size. */
  parameters?: number;
  /** What parameters are counted for. */
  shown: Readonly<Record<string, unknown>>;
}

/** Every model: published sizes, and families of any size. */
export const models = (): ModelInfo[] =>
  families.flatMap((family) => namesOf(family).map((name) => infoOf(family, name)));

function infoOf(family: Family, name: string): ModelInfo {
  const { about, size } = familyOf(name);
  const forms = Object.keys(family.forms) as FormName[];
  const shown: Record<string, unknown> = { ...family.shown, ...size };
  const { dim, depth, heads } = shown as { dim?: number; depth?: number; heads?: number };
  const info: ModelInfo = { name, family: family.name, about, forms, shown };
  if (dim !== undefined) info.dim = dim;
  if (depth !== undefined) info.depth = depth;
  if (heads !== undefined) info.heads = heads;
  if (dim !== undefined && heads !== undefined) info.headDim = dim / heads;
  if (family.needs?.every((key) => shown[key] !== undefined) ?? true)
    info.parameters = family.forms[forms[0]!]!.count(shown);
  return info;
}
