/** @file `vitrine eval`: accuracy and loss of a checkpoint on a whole split. */
import { type Command, Option } from "commander";
import type { EvaluateOptions } from "../method/run-types.ts";
import { grouped, print, printJson } from "./terminal.ts";

const examples = `
Examples:
  $ vitrine eval runs/first
  $ vitrine eval runs/first --checkpoint last --json
  $ vitrine eval runs/first --checkpoint step-00001000 --split train`;

export function evalCommand(command: Command): void {
  command
    .argument("<run>", "run folder")
    .option("--checkpoint <best|last|name>", "checkpoint of the run", "best")
    .addOption(
      new Option("--split <split>", "images to evaluate on").choices(["train", "test"]).default("test"),
    )
    .option("--json", "the result as JSON on stdout")
    .addHelpText("after", examples)
    .action(async (run: string, { checkpoint, split, json }: EvaluateOptions & { json?: true }) => {
      const { evaluateRun } = await import("../method/evaluate-run.ts");
      const result = await evaluateRun(run, { checkpoint, split });
      if (json) return printJson(result);
      const { top1, top5, loss, count } = result;
      const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
      print(
        `top-1 ${percent(top1)}, top-5 ${percent(top5)}, loss ${loss.toFixed(4)} on ${grouped(count)} images`,
      );
    });
}
