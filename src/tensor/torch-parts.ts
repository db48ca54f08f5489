/** @file What a PyTorch file holds besides weights, and which of its dictionaries the weights are. */

import type { Allowance } from "../base/limits.ts";
import { arrayRecord, isOddArray, numberList } from "./numpy-kinds.ts";
import { PickledName, PickledObject, type PickleValue } from "./pickle.ts";
import { quote } from "./stored.ts";
import type { TensorRecord } from "./strided.ts";
import { type Fail, isOdd, isTensor, type OddTensor } from "./torch-kinds.ts";

export type Named = TensorRecord | OddTensor;

/** A dictionary or list that holds tensors itself. */
interface Part {
  /** Keys that lead to it. */
  path: readonly string[];
  tensors: Map<string, Named>;
  /** In an optimiser's state, statistics and the like. */
  aside: boolean;
  list: boolean;
}

/** The tensors to be read, under the key that names them. */
export interface Choice {
  key: string;
  tensors: Map<string, Named>;
  /** What else is in the file, in words; empty where there is nothing. */
  beside: string;
}

/** Keys of what is saved beside weights, of running averages of weights, and of weights. */
const ASIDE =
  /optim|sched|scaler|rng|random|callback|^loops?$|hyper|^loss|_loss|criterion|metric|stats$|statistics|history|^args$|config/i;
const AVERAGE = /(^|[^a-z])ema([^a-z]|$)|Ema|averag|swa|shadow/;
const WEIGHTS =
  /^((model|net|network|module)?_?(state_dict|state|weights|params|parameters)|model|net|network|module)$/;

export const isAside = (name: string): boolean => ASIDE.test(name) || AVERAGE.test(name);

/** Keys within keys that are looked into: deeper there are settings, if anything. */
const DEEPEST = 16;
/** Bytes that looking at a dictionary or list takes. */
const COST = 200;

export class Parts {
  readonly list: Part[] = [];
  /** Whole modules by the keys that lead to them. */
  readonly modules: { key: string; name: string }[] = [];
  /** Objects and names that are not read, with how many. */
  readonly skipped = new Map<string, number>();
  constructor(readonly root: PickleValue) {}

  skip(name: string): void {
    const plain = name.replace(" ", ".").slice(0, 60);
    this.skipped.set(plain, (this.skipped.get(plain) ?? 0) + 1);
  }

  /** Tensors at a key and below it: their names there. */
  under(key: string): Map<string, Named> {
    const found = new Map<string, Named>();
    for (const { path, tensors } of this.list) {
      const prefix = path.map((part) => `${part}.`).join("");
      if (!(key === "" || `${prefix}`.startsWith(`${key}.`) || `${key}.`.startsWith(prefix))) continue;
      for (const [name, tensor] of tensors) {
        const full = `${prefix}${name}`;
        if (key === "") found.set(full, tensor);
        else if (full.startsWith(`${key}.`)) found.set(full.slice(key.length + 1), tensor);
        else if (full === key) found.set(name, tensor);
      }
    }
    return found;
  }

  whole(): Choice {
    return { key: "", tensors: this.under(""), beside: "" };
  }
}

const entriesOf = (value: PickleValue): Iterable<[PickleValue, PickleValue]> => {
  if (value instanceof Map) return value;
  if (value instanceof PickledObject) return value.items ?? [];
  return Array.isArray(value) ? value.entries() : [];
};

/**
 * Every tensor of a file, wherever it is; arrays of NumPy where there are no tensors. With `arrays` those beside tensors
 * too, and lists of numbers.
 */
export function everything(root: PickleValue, allowance: Allowance, arrays: boolean): Parts {
  const parts = new Parts(root);
  const ofArrays: Part[] = [];
  const seen = new Map<PickleValue, Part | undefined>();
  const open = [{ value: root, path: [] as readonly string[], aside: false }];
  if (isTensor(root) || isOdd(root) || arrayRecord(root))
    open[0] = { ...open[0]!, value: new Map([["tensor", root]]) };
  for (const { value, path, aside: outer } of open) {
    allowance.take(COST);
    if (seen.has(value)) {
      // one dictionary under two keys; it may also hold itself
      const other = seen.get(value);
      if (other !== undefined) parts.list.push({ ...other, path, aside: outer });
      continue;
    }
    seen.set(value, undefined);
    const aside = outer || (value instanceof Map && value.has("param_groups"));
    const [tensors, numbers] = [new Map<string, Named>(), new Map<string, Named>()];
    for (const [key, item] of entriesOf(value)) {
      if (typeof item !== "object" || item === null) continue;
      if (typeof key !== "string" && typeof key !== "number") continue;
      const name = String(key);
      const array = arrayRecord(item) ?? (arrays ? numberList(item, allowance) : undefined);
      if (isTensor(item) || isOdd(item)) tensors.set(name, item);
      else if (array !== undefined) numbers.set(name, array);
      else visit(item, name);
    }
    const part = { path, aside, list: Array.isArray(value) };
    if (tensors.size > 0) {
      parts.list.push({ ...part, tensors });
      seen.set(value, { ...part, tensors });
    }
    if (numbers.size > 0) ofArrays.push({ ...part, tensors: numbers });

    function visit(item: PickleValue, name: string): void {
      if (item instanceof PickledName) parts.skip(item.name);
      else if (isOddArray(item)) parts.skip("numpy ndarray");
      else if (item instanceof PickledObject) {
        const key = [...path, name].join(".");
        if (isModule(item)) parts.modules.push({ key, name: item.name.replace(" ", ".") });
        parts.skip(item.name);
      }
      const looked = Array.isArray(item) || item instanceof Map || item instanceof PickledObject;
      if (!looked || path.length >= DEEPEST) return;
      allowance.take(COST);
      open.push({ value: item, path: [...path, name], aside: aside || ASIDE.test(name) });
    }
  }
  if (arrays || parts.list.length === 0) for (const part of ofArrays) parts.list.push(part);
  else for (const { tensors } of ofArrays) for (const _ of tensors) parts.skip("numpy ndarray");
  return parts;
}

const isModule = ({ state }: PickledObject): boolean =>
  state instanceof Map && state.has("_parameters") && state.has("_modules");

const count = (n: number): string => (n === 1 ? "1 tensor" : `${n} tensors`);
const pathOf = (path: readonly string[]): string => path.join(".");
const listed = (words: readonly string[], most = 8): string =>
  words.length > most
    ? `${words.slice(0, most).join(", ")} and ${words.length - most} more`
    : words.join(", ");
const inWords = (parts: readonly Part[]): string =>
  listed(parts.map(({ path, tensors }) => `${quote(pathOf(path))} (${count(tensors.size)})`));

/**
 * The part that weights are in.
 * @param unclear what to do where several may be meant: refuse, or read all by their full names
 * @throws by `fail` there is none, or several
 */
export function choosePart(parts: Parts, unclear: "refuse" | "all", fail: Fail): Choice {
  const tensorsIn = ({ tensors }: Part): Named[] => [...tensors.values()];
  const scalars = (part: Part): boolean =>
    tensorsIn(part).every((x) => x.kind === "tensor" && x.shape.length === 0);
  const stray = (part: Part): boolean =>
    part.path.length === 0 &&
    parts.list.length > 1 &&
    [...part.tensors.keys()].every((name) => isAside(name));
  let left = parts.list.filter((part) => !part.aside && !stray(part));
  const prefer = (which: (part: Part) => boolean): void => {
    const preferred = left.filter(which);
    if (preferred.length > 0) left = preferred;
  };
  prefer((part) => !scalars(part));
  prefer((part) => !part.list);
  prefer(({ path }) => !path.some((key) => AVERAGE.test(key)));
  if (left.length > 1)
    prefer(({ path, tensors }) => WEIGHTS.test(path.at(-1) ?? (hasDots(tensors) ? "model" : "")));
  const [chosen, another] = left;
  if (chosen === undefined) return fail(nothing(parts));
  const shared = commonPath(left);
  if (another !== undefined && WEIGHTS.test(shared.at(-1) ?? "")) return partOf(parts, pathOf(shared), fail);
  if (another !== undefined && unclear === "all")
    return {
      ...parts.whole(),
      beside: "it is not clear which part holds the weights, so that all are here; --key names one",
    };
  if (another !== undefined)
    fail(
      `holds several dictionaries of tensors, ${inWords(left)}; name one with --key (method.initKey in a recipe)`,
    );
  return { key: pathOf(chosen.path), tensors: chosen.tensors, beside: besides(parts, chosen.path) };
}

/** Keys that lead to all of them. */
function commonPath(parts: readonly Part[]): readonly string[] {
  const [first = [], ...others] = parts.map(({ path }) => path);
  const end = first.findIndex((key, i) => others.some((path) => path[i] !== key));
  return end < 0 ? first : first.slice(0, end);
}

/** Names such as "block.0.weight". */
const hasDots = (tensors: ReadonlyMap<string, Named>): boolean =>
  [...tensors.keys()].some((name) => name.includes("."));

function nothing({ root, list, modules, skipped }: Parts): string {
  const module =
    root instanceof PickledObject && isModule(root)
      ? { key: "", name: root.name.replace(" ", ".") }
      : modules[0];
  if (module !== undefined)
    return `holds a whole module${module.key && ` at ${quote(module.key)}`}, ${quote(module.name)}, which only its own program can make; save its state_dict() in Python`;
  if (list.length > 0) return `holds no weights but ${inWords(list)}; name one of them with --key`;
  const others = root instanceof PickledObject ? [root.name.replace(" ", ".")] : [...skipped.keys()];
  const what = root instanceof PickledName ? [root.name.replace(" ", ".")] : others;
  return `holds no tensors by name${what.length > 0 ? ` but ${listed(what.map(quote), 4)}` : ""}; save the model's state_dict() in Python`;
}

/** The tensors under a key. @throws by `fail` there are none */
export function partOf(parts: Parts, key: string, fail: Fail): Choice {
  const tensors = parts.under(key);
  if (tensors.size === 0) {
    const module = parts.modules.find((each) => each.key === key);
    if (module !== undefined)
      fail(`${quote(key)} is a whole module, ${quote(module.name)}; expected a dictionary of tensors`);
    fail(`has no tensors under the key ${quote(key)}; it has ${inWords(parts.list) || "none at all"}`);
  }
  const path = parts.list.find((part) => pathOf(part.path) === key)?.path ?? key.split(".");
  return { key, tensors, beside: besides(parts, path, true) };
}

/** What is beside the way to a part, in words; also what is below it, unless the whole of it is read. */
function besides(parts: Parts, path: readonly string[], whole = false): string {
  const words: string[] = [];
  let at = parts.root;
  for (const [depth, key] of [...path, ...(whole ? [] : [undefined])].entries()) {
    for (const [name, item] of entriesOf(at)) {
      if ((typeof name !== "string" && typeof name !== "number") || String(name) === key) continue;
      if (key === undefined && (isTensor(item) || isOdd(item) || arrayRecord(item))) continue; // what is read
      const full = pathOf([...path.slice(0, depth), String(name)]);
      const inside = words.length < 9 && typeof item === "object" ? parts.under(full).size : 0;
      words.push(inside > 0 ? `${quote(full)} (${count(inside)})` : quote(full));
    }
    if (key === undefined) break;
    at = [...entriesOf(at)].find(([name]) => String(name) === key)?.[1] ?? null;
  }
  const skipped = [...parts.skipped].map(([name, n]) => (n === 1 ? quote(name) : `${quote(name)} × ${n}`));
  return [
    ...(words.length > 0 ? [`also there: ${listed(words)}`] : []),
    ...(skipped.length > 0 ? [`skipped, of other kinds: ${listed(skipped, 4)}`] : []),
  ].join("; ");
}

/** The keys that `--key` takes, with the number of tensors at each. */
export const keysOf = ({ list }: Parts): { key: string; tensors: number }[] =>
  list.map(({ path, tensors }) => ({ key: pathOf(path), tensors: tensors.size }));
