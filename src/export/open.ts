/** @file What is exported: the network of a run, or of a file of weights, with all that a reader of the export wants to know. */

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { localFile } from "../data/index.ts";
import { openRun, readRecipe } from "../method/load-run.ts";
import { imageInput, type Network, type NetworkOf, networkOf } from "../method/network.ts";
import { openModel } from "../method/open-model.ts";
import type { Recipe } from "../method/recipe.ts";
import { methodEntry, methodNames } from "../method/registry.ts";
import { familiesOf, namesOf } from "../model/index.ts";
import type { Module } from "../nn/index.ts";
import { UsageError } from "../tensor/index.ts";
import { freeCheckpoint } from "../train/checkpoint.ts";
import { configBeside } from "../train/weights/elsewhere.ts";
import { weightsFile } from "../train/weights/read.ts";
import { published } from "./published.ts";

/** A network, and where it is from. The caller frees it. */
export interface Source extends Disposable {
  network: Network;
  /** Name of the run's folder, or of the file. */
  name: string;
  /** Of the registry; of what is not there the method. */
  family: string;
  /** Sizes and constants of the model: `dim`, `heads`, `patch`, `eta`, `lambda`. */
  options: Readonly<Record<string, unknown>>;
  /** Of a run: its folder, its recipe, and the checkpoint. */
  run?: { folder: string; recipe: Recipe; checkpoint: string };
  /** Of the file of weights. */
  sha256: string;
  /** What was assumed, one line each. */
  notes: readonly string[];
}

export interface OpenOptions {
  /** `best`, `last` or the name of a checkpoint's folder; of a run. */
  checkpoint?: string;
  /** Of a file of weights. */
  heads?: number;
  key?: string;
}

/**
 * The network at a path: a run folder, a checkpoint or a file of weights, which may be on the hub.
 * @throws {UsageError} nothing there; a run of a method without a network; weights without a head
 * @throws {CheckpointError} damaged
 */
export async function openSource(given: string, options: OpenOptions = {}): Promise<Source> {
  const path = await localFile(given);
  if (!existsSync(path))
    throw new UsageError(`${path}: nothing there; expected a run folder or a file of weights`, { path });
  return existsSync(join(path, "recipe.json")) ? await fromRun(path, options) : fromWeights(path, options);
}

async function fromRun(
  folder: string,
  { checkpoint: which = "best", heads, key }: OpenOptions,
): Promise<Source> {
  if (heads !== undefined || key !== undefined)
    throw new UsageError(`${folder}: --heads and --key are for files of weights; a run knows its own`, {
      path: folder,
    });
  const { method } = readRecipe(folder);
  const load = methodEntry(method.name).network;
  if (load === undefined) {
    const having = methodNames().filter((name) => methodEntry(name).network !== undefined);
    throw new UsageError(
      `${folder}: export expects a run of ${having.join(", ")}, got one of ${method.name}`,
      { path: folder },
    );
  }
  const make = (await load()) as NetworkOf<Recipe>;
  const { recipe, checkpoint } = openRun(folder, which);
  try {
    const network = await make(recipe, { folder, checkpoint });
    const place = join(folder, "checkpoints", checkpoint.name);
    const averaged = checkpoint.ema === undefined ? "model.safetensors" : "ema.safetensors";
    return sourceOf(network, {
      name: basename(resolve(folder)),
      family: familyName(network.name) ?? method.name,
      run: { folder, recipe, checkpoint: checkpoint.name },
      ...{ sha256: sha256(join(place, averaged)), notes: [] },
    });
  } finally {
    freeCheckpoint(checkpoint);
  }
}

function fromWeights(path: string, { heads, key }: OpenOptions): Source {
  const { model, family, normalise, notes, headless } = openModel(path, {
    ...(heads && { heads }),
    ...(key && { key }),
  });
  if (headless) {
    model.dispose();
    throw new UsageError(
      `${path}: holds a network without a head; expected a classifier's weights, or a run`,
      { path },
    );
  }
  const { imageSize, channels = 3 } = model.options;
  const input = imageInput(imageSize, channels, normalise);
  const classes = classesBeside(path, model.options.classes);
  const network = networkOf(family, model, [input], (X) => ({ logits: model.apply(X!) }), classes);
  return sourceOf(network, {
    name: basename(resolve(path)),
    family,
    sha256: sha256(weightsFile(path)),
    notes,
  });
}

/** Names of classes in config.json beside the weights, where it has one for each. */
function classesBeside(path: string, count = 0): string[] | undefined {
  const { id2label } = configBeside(weightsFile(path));
  if (typeof id2label !== "object" || id2label === null) return undefined;
  const names = Array.from({ length: count }, (_, i) => (id2label as Record<string, unknown>)[i]);
  return count > 0 && names.every((name) => typeof name === "string") ? names : undefined;
}

/** Which family has a model of that name. */
const familyName = (name: string): string | undefined =>
  familiesOf().find((family) => namesOf(family).includes(name))?.name;

const sha256 = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");

function sourceOf(
  network: Network,
  about: Pick<Source, "name" | "family" | "run" | "sha256" | "notes">,
): Source {
  const { options = {} } = network.model as Module & { options?: Readonly<Record<string, unknown>> };
  return { ...about, network, options, [Symbol.dispose]: () => network[Symbol.dispose]() };
}

/** What an exported file says of itself: texts by name, those of structure as JSON. */
export function metadataOf({ network, name, options, run, sha256, notes }: Source): Map<string, string> {
  const [image] = network.inputs.filter((input) => input.kind === "image");
  const entries: [string, unknown][] = [
    ["name", name],
    ["run", run && name],
    ["checkpoint", run?.checkpoint],
    ["sha256", sha256],
    ["recipe", run && published(run.recipe)],
    ["model", { name: network.name, ...options }],
    ["inputs", network.inputs],
    ["normalisation", image?.normalise],
    ["classes", network.classes],
    ["notes", notes.length > 0 ? notes : undefined],
  ];
  return new Map(
    entries.flatMap(([key, value]): [string, string][] =>
      value === undefined ? [] : [[key, typeof value === "string" ? value : JSON.stringify(value)]],
    ),
  );
}
