/** @file `vitrine sample`: pictures that a closed loop draws. */
import { type Command, Option } from "commander";
import type { SampleOptions } from "../method/views.ts";
import { print } from "./terminal.ts";
import { seedNumber, wholeNumber } from "./whole-number.ts";

const examples = `
What is drawn:
  classes      a row for each class: samples of the Gaussian along its principal components
  traverse     a row for each principal component of one class, from an image of it on
  interpolate  a row from an image of each class to one of the next

Examples:
  $ vitrine sample runs/ctrl
  $ vitrine sample runs/ctrl --kind traverse --class 3 --components 8
  $ vitrine sample runs/ctrl --kind interpolate --columns 10`;

export function sampleCommand(command: Command): void {
  const whole = (flag: string, about: string, preset: number) =>
    new Option(`${flag} <n>`, about).argParser(wholeNumber(flag, 1, 1000)).default(preset);
  command
    .argument("<run>", "run folder of ctrl or ictrl")
    .addOption(
      new Option("--kind <kind>", "what is drawn")
        .choices(["classes", "traverse", "interpolate"])
        .default("classes"),
    )
    .option("--checkpoint <best|last|name>", "checkpoint of the run", "best")
    .addOption(
      new Option("--split <split>", "images whose features the classes are fitted to")
        .choices(["train", "test"])
        .default("train"),
    )
    .addOption(
      new Option("--class <n>", "the class; all, or the first (traverse), when not given").argParser(
        wholeNumber("--class", 0),
      ),
    )
    .addOption(whole("--columns", "pictures in a row", 10))
    .addOption(whole("--components", "principal components of a class", 6))
    .addOption(new Option("--seed <n>", "seed of the samples").argParser(seedNumber).default(1))
    .option("--output <dir>", "folder for the PNG file; pictures/ in the run's own when not given")
    .addHelpText("after", examples)
    .action(async (run: string, options: SampleOptions) => {
      const { drawSamples } = await import("../inspect/view-run.ts");
      print(await drawSamples(run, options));
    });
}
