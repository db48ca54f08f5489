/** @file `vitrine models`: architectures, their sizes and parameter counts. */
import type { Command } from "commander";
import { UsageError } from "../base/errors.ts";
import { hint } from "../base/nearest.ts";
import type { ModelInfo } from "../model/index.ts";
import { grouped, matches, printColumns, printJson } from "./terminal.ts";

export function modelsCommand(command: Command): void {
  command
    .command("ls")
    .usage("[PATTERN] [flags]")
    .description("list the models")
    .argument("[pattern]", "names to list; * and ? are wildcards", "*")
    .option("--json", "the list as JSON on stdout")
    .addHelpText("after", '\nExamples:\n  $ vitrine models ls\n  $ vitrine models ls "crate*"')
    .action(async (pattern: string, { json }: { json?: true }) => {
      const found = (await models()).filter(({ name }) => matches(pattern, name));
      if (json) return printJson(found);
      const rows = found.map(({ name, methods, dim, depth, heads, headDim, parameters, about }) => [
        ...[name, methods.join(", "), dim ?? "", depth ?? "", heads ?? "", headDim ?? ""],
        ...[parameters === undefined ? "" : grouped(parameters), about],
      ]);
      printColumns(["model", "methods", "dim", "depth", "heads", "headDim", "parameters", "about"], rows);
    });
  command
    .command("show")
    .usage("NAME [flags]")
    .description("print the sizes of a model")
    .argument("<name>", "name of a model")
    .option("--json", "the model as JSON on stdout")
    .addHelpText("after", "\nExample:\n  $ vitrine models show crate_tiny")
    .action(async (name: string, { json }: { json?: true }) => {
      const all = await models();
      const model = all.find((candidate) => candidate.name === name);
      if (model === undefined) {
        const names = all.map((candidate) => candidate.name);
        const near = hint(name, names) || `; there are ${names.join(", ")}`;
        throw new UsageError(`unknown model "${name}"${near}`, { path: name, received: name });
      }
      if (json) return printJson(model);
      const { name: own, shown, forms: _, methods, ...rest } = model;
      const rows = Object.entries({ ...rest, ...shown, methods: methods.join(", ") }).map(([key, value]) => [
        key,
        typeof value === "number" ? grouped(value) : `${value}`,
      ]);
      printColumns(["model", own], rows);
    });
}

/** A model, and the methods whose recipes take it. */
type Trainable = ModelInfo & { methods: readonly string[] };

async function models(): Promise<Trainable[]> {
  const { models } = await import("../model/index.ts");
  const { methodEntry, methodNames } = await import("../method/registry.ts");
  const { keyAt } = await import("../method/recipe-keys.ts");
  const taken = methodNames().map((method) => ({ method, ...keyAt("model.name", method) }));
  const registered = models();
  const known = new Set(registered.map(({ name }) => name));
  // networks that a method builds itself: no family has them
  const others = new Map(
    taken.flatMap(({ method, choices = [], about = "" }) => {
      const { own = {} } = methodEntry(method);
      const names = choices.map(String).filter((name) => !known.has(name));
      return names.map((name) => [name, own[name] ?? about.replace("architecture: ", "")] as const);
    }),
  );
  const own = [...others].map(([name, about]) => ({ name, family: name, about, forms: [], shown: {} }));
  return [...registered, ...own].map((model) => ({
    ...model,
    methods: taken.filter(({ choices = [] }) => choices.includes(model.name)).map(({ method }) => method),
  }));
}
