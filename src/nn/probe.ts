/**
 * @file Probes: any named intermediate of any module, recorded by path without touching the model's code.
 * The inspector, the exporter and the tests look inside in this one way.
 */

import { hint, keep, type Tensor, UsageError } from "../tensor/index.ts";

/** What a module is to a probe: a tree of names. */
interface Node {
  readonly children: readonly { name: string; module: Node }[];
}

interface Recording {
  paths: Map<Node, string>;
  /** By the path of the module, and the name in it: "" is its output. */
  wants: (path: string, name: string) => boolean;
  found: Map<string, Tensor>;
  /** What takes an intermediate's place, by path. */
  changes?: ReadonlyMap<string, (tensor: Tensor) => Tensor> | undefined;
}

let recording: Recording | undefined;

const join = (path: string, name: string): string =>
  path === "" ? name : name === "" ? path : `${path}.${name}`;

function walk(module: Node, path: string, paths: Map<Node, string>): Map<Node, string> {
  paths.set(module, path);
  for (const child of module.children) walk(child.module, join(path, child.name), paths);
  return paths;
}

/** Every module below, and the root, ""; the first path of one that has several. */
export const modulesByPath = <M extends Node>(root: M): ReadonlyMap<string, M> =>
  new Map([...walk(root, "", new Map())].map(([module, path]) => [path, module as M]));

/** Paths of every module below (and of the root, ""). */
export const modulePaths = (root: Node): string[] => [...walk(root, "", new Map()).values()];

/**
 * Runs `body` and returns what the paths showed on the way: outputs of modules ("block.3.mssa") and their named
 * intermediates ("block.3.half", "block.3.mssa.attention"). `*` stands for one part of a path. The caller frees them.
 *
 * @param silent whether a path may show nothing, as a module that this input does not need
 * @throws {UsageError} a path that showed nothing, with the nearest that exists
 * @example const { found } = record(model, ["block.*.half"], () => model.apply(images));
 */
export function record<T>(
  root: Node,
  patterns: readonly string[],
  body: () => T,
  silent: "refused" | "allowed" = "refused",
): { result: T; found: Map<string, Tensor> } {
  const expressions = patterns.map(
    (p) => new RegExp(`^${p.replaceAll(".", "\\.").replaceAll("*", "[^.]+")}$`),
  );
  const wants = (path: string, name: string): boolean =>
    expressions.some((expression) => expression.test(join(path, name)));
  return recorded(root, wants, body, (found) => {
    patterns.forEach((pattern, i) => {
      if (silent === "allowed" || [...found.keys()].some((path) => expressions[i]!.test(path))) return;
      throw new UsageError(`no probe "${pattern}" was passed${hint(pattern, modulePaths(root))}`);
    });
  });
}

/**
 * Runs `body` and returns every named intermediate that it passes, in order, and the outputs of the modules at `layers`. The
 * caller frees them.
 */
export const recordAll = <T>(
  root: Node,
  layers: readonly string[],
  body: () => T,
): { result: T; found: Map<string, Tensor> } =>
  recorded(root, (path, name) => name !== "" || layers.includes(path), body);

/**
 * As `record`, but some intermediates are changed on the way: what follows is computed from the changed ones, and what is
 * recorded is as it was before. Only values that a module goes on with can be changed: attention, half.
 *
 * @example recordChanged(model, ["block.0.mssa.attention"], new Map([["block.0.mssa.attention", without(3)]]), run);
 */
export const recordChanged = <T>(
  root: Node,
  paths: readonly string[],
  changes: ReadonlyMap<string, (tensor: Tensor) => Tensor>,
  body: () => T,
): { result: T; found: Map<string, Tensor> } => {
  const wanted = new Set([...paths, ...changes.keys()]);
  return recorded(root, (path, name) => wanted.has(join(path, name)), body, () => {}, changes); // biome-ignore format: short
};

function recorded<T>(
  root: Node,
  wants: Recording["wants"],
  body: () => T,
  check: (found: ReadonlyMap<string, Tensor>) => void = () => {},
  changes?: Recording["changes"],
): { result: T; found: Map<string, Tensor> } {
  const before = recording;
  const found = new Map<string, Tensor>();
  recording = { paths: walk(root, "", new Map()), wants, found, changes };
  try {
    const result = body();
    check(found);
    return { result, found };
  } catch (error) {
    for (const tensor of found.values()) tensor.dispose();
    throw error;
  } finally {
    recording = before;
  }
}

/** Called by modules: offers an intermediate under its name. */
export function note(module: Node, name: string, tensor: Tensor): Tensor {
  if (recording === undefined) return tensor;
  const path = recording.paths.get(module);
  if (path === undefined || !recording.wants(path, name)) return tensor;
  recording.found.get(join(path, name))?.dispose();
  recording.found.set(join(path, name), keep(tensor.alias()));
  return recording.changes?.get(join(path, name))?.(tensor) ?? tensor;
}

/** Called by modules: whether an intermediate would be recorded. */
export function wanted(module: Node, name: string): boolean {
  const path = recording?.paths.get(module);
  return path !== undefined && recording!.wants(path, name);
}

/** The modules that are being applied, the outermost first; nobody asks but a tracer. */
let applied: Node[] | undefined;

/**
 * Runs `body`, which may ask for the path of the module that is at work: of the innermost that lies below `root`.
 * @example tracked(model, (place) => trace([X], () => model.apply(X), { place }));
 */
export function tracked<T>(root: Node, body: (place: () => string) => T): T {
  const paths = walk(root, "", new Map());
  const before = applied;
  const own: Node[] = [];
  applied = own;
  try {
    return body(() => paths.get(own.at(-1)!) ?? "");
  } finally {
    applied = before;
  }
}

/** Called by modules, before and after they run. */
export const enter = (module: Node): void => void applied?.push(module);
export const leave = (): void => void applied?.pop();
