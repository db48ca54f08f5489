/** @file `vitrine reconstruct`: images beside what a model makes of them. */
import { type Command, Option } from "commander";
import { print } from "./terminal.ts";
import { wholeNumber } from "./whole-number.ts";

interface Options {
  checkpoint: string;
  split: "train" | "test";
  count: number;
  output?: string;
}

export function reconstructCommand(command: Command): void {
  command
    .argument("<run>", "run folder of ctrl or ictrl")
    .option("--checkpoint <best|last|name>", "checkpoint of the run", "best")
    .addOption(new Option("--split <split>", "images to take").choices(["train", "test"]).default("test"))
    .addOption(
      new Option("--count <n>", "images, eight in a row").argParser(wholeNumber("--count")).default(64),
    )
    .option("--output <dir>", "folder for the PNG file; pictures/ in the run's own when not given")
    .addHelpText(
      "after",
      "\nExamples:\n  $ vitrine reconstruct runs/first\n  $ vitrine reconstruct runs/first --count 32 --output figures",
    )
    .action(async (run: string, options: Options) => {
      const { drawTranscription } = await import("../inspect/closed-loop-views.ts");
      print(await drawTranscription(run, options));
    });
}
