/** @file `--plugin FILE`: methods, models and data sets of the user's own. A plugin is code: only the command line names one. */

import { existsSync } from "node:fs";
import { register } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Command, Option } from "commander";
import { UsageError, VitrineError } from "../base/errors.ts";
import { repeated } from "./repeated.ts";

/** What a plugin exports, one or more of these; see docs/extend.md. */
const EXPORTS = ["methods", "models", "datasets"] as const;

/** Adds the flag to a command, or to each of its verbs; `loadPlugins` has read it before. */
export function addPluginFlag(command: Command): void {
  const verbs = command.commands.length > 0 ? command.commands : [command];
  for (const verb of verbs)
    verb.addOption(
      new Option(
        "--plugin <file>",
        "TypeScript or JavaScript file that adds methods, models and data sets; may be repeated",
      )
        .helpGroup("Plugins:")
        .argParser(repeated),
    );
}

/** Loads what `--plugin` names on a command line, in order. @throws {UsageError} no such file, or no plugin */
export async function loadPlugins(args: readonly string[]): Promise<void> {
  const files = args.flatMap((arg, i) =>
    arg === "--plugin"
      ? (args[i + 1] ?? [])
      : arg.startsWith("--plugin=")
        ? arg.slice("--plugin=".length)
        : [],
  );
  if (files.length === 0) return;
  register(import.meta.url.replace(/plugin(\.\w+)$/, "plugin-hooks$1"));
  for (const file of files) await loadPlugin(file);
}

async function loadPlugin(file: string): Promise<void> {
  const fail = (what: string, cause?: unknown): never => {
    throw new UsageError(`--plugin ${file}: ${what}`, { path: "--plugin", cause });
  };
  if (!existsSync(file)) fail("there is no such file");
  let plugin: Record<string, unknown>;
  try {
    plugin = (await import(pathToFileURL(resolve(file)).href)) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof VitrineError) throw error;
    const { message = String(error) } = error as { message?: string };
    return fail(`cannot be loaded: ${message.split("\n")[0]}`, error);
  }
  if (!EXPORTS.some((name) => plugin[name] !== undefined))
    fail(`expected it to export ${EXPORTS.join(", ")} or one of them`);
  const { registerMethod } = await import("../method/registry.ts");
  const { registerFamily } = await import("../model/registry.ts");
  const { registerDataset } = await import("../data/sets/registry.ts");
  for (const [name, entry] of Object.entries(plugin.methods ?? {})) registerMethod(name, entry as never);
  for (const family of Object.values(plugin.models ?? {})) registerFamily(family as never);
  for (const set of Object.values(plugin.datasets ?? {})) registerDataset(set as never);
}
