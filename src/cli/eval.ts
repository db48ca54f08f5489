/** @file `vitrine eval`: a checkpoint evaluated on a whole split, as the paper of its method does. */
import { type Command, Option } from "commander";
import { readWorld } from "../base/world.ts";
import { SPLITS } from "../data/sets/hold-out.ts";
import type { EvaluateOptions } from "../method/index.ts";
import { print, printJson } from "./terminal.ts";

const examples = `
Examples:
  $ vitrine eval runs/first
  $ vitrine eval runs/first --checkpoint last --json
  $ vitrine eval runs/first --checkpoint step-00001000 --split train`;

export function evalCommand(command: Command): void {
  command
    .argument("<run>", "run folder")
    .option("--checkpoint <best|last|name>", "checkpoint of the run", "best")
    .addOption(new Option("--split <split>", "split of the data set").choices(SPLITS).default("test"))
    .option("--json", "the scores as JSON on stdout, accuracies in per cent")
    .addHelpText("after", examples)
    .action(async (run: string, { checkpoint, split, json }: EvaluateOptions & { json?: true }) => {
      const { evaluateRun } = await import("../method/evaluate-run.ts");
      const { numbers, text } = await evaluateRun(run, { checkpoint, split });
      if (readWorld().rank > 0) return; // the first of several processes speaks for all
      if (json) printJson(numbers);
      else print(text);
    });
}
