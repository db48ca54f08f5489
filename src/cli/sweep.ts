/** @file `vitrine sweep`: runs over a grid of settings and seeds, one process each, compared by their validation split. */

import { join } from "node:path";
import { type Command, Option } from "commander";
import type { Report } from "../measure/report-schema.ts";
import { treeOf, valueAt } from "../method/recipe.ts";
import { keyAt } from "../method/recipe-keys.ts";
import { type Axis, combinations, parseAxis } from "../sweep/grid.ts";
import type { Budget, Programs, Sweep, Trained } from "../sweep/index.ts";
import { duration } from "./duration.ts";
import { ownProgram } from "./own-program.ts";
import { addRecipeFlags, recipeLayers, resolveFlags } from "./recipe-flags.ts";
import { grouped, print, printColumns, printJson, talk } from "./terminal.ts";
import { wholeNumber } from "./whole-number.ts";

interface Options {
  set: Axis[];
  seeds: number;
  output?: string;
  budgetSteps?: number;
  budgetSeconds?: number;
  budgetParameters?: number;
  inspect?: true;
  progress: string;
  plugin?: string[];
  json?: true;
}

/** Share of the training data that is held out where the recipe holds out none. */
const HELD_OUT = 0.1;

const examples = `
Every combination of the values runs with every seed, one run after the other. The best setting is chosen by the validation
split, and only that one is evaluated on the test split. Called again, a sweep goes on where it was; other values of --set
are added to it. Values that have commas themselves are separated by semicolons: --set "train.betas=0.9,0.99;0.9,0.95".

Examples:
  $ vitrine sweep digits --set train.lr=1e-3,3e-3 --seeds 2
  $ vitrine sweep digits --set model.lambda=0.1,0.5 --budget-seconds 2m --output sweeps/lambda`;

export function sweepCommand(command: Command): void {
  command
    .argument("<recipe>", "name of a recipe, a YAML or JSON file, or a run folder")
    .optionsGroup("Sweep:")
    .addOption(
      new Option("--set <key=v1,v2>", "values of a key to try; may be repeated for other keys")
        .argParser((text: string, before: Axis[]) => [...before, parseAxis(text)])
        .default([], "the recipe alone"),
    )
    .addOption(
      new Option("--seeds <n>", "seeds of each setting, from the recipe's on")
        .argParser(wholeNumber("--seeds", 1, 1000))
        .default(3),
    )
    .option("--output <dir>", "folder of the sweep and its runs (default: runs/RECIPE-sweep)")
    .addOption(
      new Option(
        "--budget-steps <n>",
        "optimiser steps of each run, to the nearest epoch where there are epochs",
      )
        .argParser(wholeNumber("--budget-steps", 1, 1e8))
        .conflicts("budgetSeconds"),
    )
    .addOption(
      new Option(
        "--budget-seconds <duration>",
        "processor time of each run, user and system, such as 90s or 40m: as many epochs or steps as a trial says fit",
      ).argParser(duration("--budget-seconds")),
    )
    .addOption(
      new Option(
        "--budget-parameters <n>",
        "parameters of each model; others, by more than 5 %, are left out",
      ).argParser(wholeNumber("--budget-parameters", 1, 1e12)),
    )
    .option("--inspect", "measure R^c of each layer in every run, not only in those of the chosen setting")
    .addOption(
      new Option("--progress <form>", "form of each run's progress on stderr")
        .choices(["auto", "bar", "plain", "json", "none"])
        .default("auto"),
    )
    .option("--json", "the sweep as JSON on stdout");
  const flags = addRecipeFlags(command);
  command.addHelpText("after", examples).action(async (name: string, options: Options) => {
    const { runSweep } = await import("../sweep/index.ts");
    const { recipe } = resolveFlags(name, flags);
    const layers = recipeLayers(name, flags);
    const { method, data } = recipe;
    if (keyAt("data.validation", method.name) === undefined)
      talk(
        `sweep: recipes of ${method.name} hold nothing out; settings are compared by the data that they learn from`,
      );
    else if (valueAt(data, "validation") === undefined) {
      talk(`sweep: holds out ${HELD_OUT} of the training data to compare settings by (data.validation)`);
      layers.push({ origin: "vitrine sweep", values: treeOf("data.validation", HELD_OUT) });
    }
    const folder = options.output ?? join("runs", `${recipe.name}-sweep`);
    const { sweep, code } = await runSweep({
      ...{
        folder,
        layers,
        settings: combinations(options.set),
        seeds: options.seeds,
        budget: budgetOf(options),
      },
      ...{ inspectAll: options.inspect ?? false, programs: programsOf(options), say: talk },
    });
    if (options.json) printJson(sweep);
    else await printSweep(sweep, folder);
    process.exitCode = code;
  });
}

const budgetOf = ({ budgetSteps, budgetSeconds, budgetParameters }: Options): Budget => ({
  ...(budgetSteps !== undefined && { steps: budgetSteps }),
  ...(budgetSeconds !== undefined && { processorSeconds: budgetSeconds }),
  ...(budgetParameters !== undefined && { parameters: budgetParameters }),
});

/** `vitrine train` and `vitrine eval`, as processes of their own. */
function programsOf({ progress, plugin = [] }: Options): Programs {
  const plugins = plugin.flatMap((file) => ["--plugin", file]);
  return {
    train: (recipe, { folder, run, maxSteps }) =>
      ownProgram<Trained>([
        ...["train", recipe, "--output", folder, "--experiment", run, "--resume", "auto", "--json"],
        ...["--progress", maxSteps === undefined ? progress : "none", ...plugins],
        ...(maxSteps === undefined ? [] : ["--max-steps", `${maxSteps}`]),
      ]),
    test: (run) =>
      ownProgram<Record<string, number>>([
        ...["eval", run, "--checkpoint", "best", "--split", "test", "--json", ...plugins],
      ]),
    inspect: (run) =>
      ownProgram<Pick<Report, "layers">>([
        ...["inspect", run, "--checkpoint", "best", "--split", "validation", "--json", ...plugins],
      ]),
  };
}

async function printSweep(sweep: Sweep, folder: string): Promise<void> {
  const { inWords, keysOf, leaf, over, ratesOver, scoresOver, spreadInWords, valueInWords } = await import(
    "../sweep/index.ts"
  );
  const { figure = "score", settings, chosen } = sweep;
  const keys = keysOf(sweep);
  const mean = (n: number | undefined) => (n === undefined ? "" : grouped(Math.round(n)));
  printColumns(
    [...keys.map(leaf), "seeds", `validation ${figure}`, "steps", "parameters", "MFLOP", "processor s", ""],
    settings.map((setting) => {
      const { values, runs, parameters, flops, problem, name } = setting;
      const count = (state: string) => runs.filter((run) => run.state === state).length;
      const failed = count("failed") > 0 ? `${count("failed")} failed` : "";
      return [
        ...keys.map((key) => (key in values ? valueInWords(values[key]) : "")),
        `${count("done")} of ${runs.length}`,
        spreadInWords(over(setting, "validation")),
        ...[
          mean(over(setting, "steps")?.mean),
          mean(parameters),
          flops === undefined ? "" : (flops / 1e6).toFixed(1),
          mean(over(setting, "processorSeconds")?.mean),
        ],
        problem ?? (name === chosen ? "chosen" : failed),
      ];
    }),
  );
  const best = settings.find(({ name }) => name === chosen);
  if (best !== undefined) {
    const test = over(best, "test");
    const on = test === undefined ? "" : `, on the test split ${spreadInWords(test)}`;
    print(
      `chosen by validation: ${inWords(best.values)}; ${figure} ${spreadInWords(over(best, "validation"))}${on}`,
    );
    const scores = Object.entries(scoresOver(best));
    if (scores.length > 1)
      printColumns(
        ["on the test split", "mean ± deviation"],
        scores.map(([name, found]) => [name, spreadInWords(found)]),
      );
  }
  for (const setting of settings) {
    const rates = ratesOver(setting);
    if (rates.length > 0)
      print(`R^c of the layers, nats, ${inWords(setting.values)}: ${rates.map(spreadInWords).join(", ")}`);
  }
  print(`all runs: ${join(folder, "sweep.csv")}; curves: vitrine studio ${folder}`);
}
