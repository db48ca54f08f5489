/** @file `vitrine train`: resolve the recipe, choose the run folder, train. */
import { type Command, Option } from "commander";
import { readWorld } from "../base/world.ts";
import type { RunResult, TrainRunOptions } from "../method/index.ts";
import { duration } from "./duration.ts";
import { addRecipeFlags, resolveFlags } from "./recipe-flags.ts";
import { isRun, placeRun, removeIfEmpty } from "./run-folder.ts";
import { grouped, print, printJson, talk } from "./terminal.ts";
import { wholeNumber } from "./whole-number.ts";

interface Options {
  output: string;
  experiment?: string;
  resume?: string;
  allowConfigChange?: true;
  progress: TrainRunOptions["progress"];
  quiet?: true;
  log?: "tb";
  maxSteps?: number;
  maxTime?: number;
  json?: true;
}

const examples = `
Settings: defaults < recipe < --config files < environment (VITRINE_TRAIN__EPOCHS=3) < flags.
The value none unsets an optional setting: --clip-grad none.

Examples:
  $ vitrine train digits
  $ vitrine train cifar10 --epochs 3 --batch-size 64 --opt lion --lr 1e-4
  $ vitrine train my-recipe.yaml --experiment mine --log tb
  $ vitrine train digits --experiment first                     into runs/first
  $ vitrine train digits --experiment first --resume auto       resumes, or starts a new run
  $ vitrine train digits --experiment first --resume step-00001000
  $ vitrine train runs/first --resume last --epochs 20 --allow-config-change`;

export function trainCommand(command: Command): void {
  command
    .argument("<recipe>", "name of a recipe, a YAML or JSON file, or a run folder")
    .optionsGroup("Run:")
    .option("--output <dir>", "folder of all runs", "runs")
    .option("--experiment <name>", "name of the run folder (default: date, time and recipe)")
    .option(
      "--resume <auto|last|best|name|path>",
      "resume; auto takes the newest good checkpoint, or starts a new run",
    )
    .option("--allow-config-change", "resume with other settings than the run's")
    .addOption(
      new Option("--progress <form>", "form of the progress on stderr")
        .choices(["auto", "bar", "plain", "json", "none"])
        .default("auto"),
    )
    .option("-q, --quiet", "the same as --progress none")
    .addOption(new Option("--log <form>", "further log: tb writes TensorBoard event files").choices(["tb"]))
    .addOption(
      new Option("--max-steps <n>", "stop after this many optimiser steps in all").argParser(
        wholeNumber("--max-steps", 1, 1e8),
      ),
    )
    .addOption(
      new Option(
        "--max-time <duration>",
        "save and stop with exit code 75 after this time, such as 90s, 45m or 1.5h",
      ).argParser(duration("--max-time")),
    )
    .option("--json", "steps, seconds and the last evaluation as JSON on stdout");
  const flags = addRecipeFlags(command);
  command.addHelpText("after", examples).action(async (name: string, options: Options) => {
    const { recipe } = resolveFlags(name, flags);
    const run = isRun(name) ? name : undefined;
    const { output, experiment, resume } = options;
    const first = readWorld().rank === 0; // the other processes train into its folder
    const place = first ? placeRun({ recipe: recipe.name, output, experiment, resume, run }) : { folder: "" };
    if (first) talk(`run folder ${place.folder}`);
    const { trainRun } = await import("../method/train-run.ts");
    try {
      const result = await trainRun(recipe, {
        output: place.folder,
        ...("resume" in place && place.resume !== undefined && { resume: place.resume }),
        progress: options.quiet ? "none" : options.progress,
        tensorboard: options.log === "tb",
        ...(options.maxSteps === undefined ? {} : { maxSteps: options.maxSteps }),
        ...(options.maxTime === undefined ? {} : { maxSeconds: options.maxTime }),
        allowConfigChange: options.allowConfigChange ?? false,
      });
      if (first && options.json) printJson(result);
      else if (first) print(summary(result));
    } finally {
      if (first) removeIfEmpty(place.folder);
    }
  });
}

function summary({ folder, steps, seconds, text }: RunResult): string {
  return [
    `${text} (${grouped(steps)} steps, ${Math.round(seconds)} s)`,
    `look inside:  vitrine inspect ${folder}`,
  ].join("\n");
}
