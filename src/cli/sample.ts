/** @file `vitrine sample`: images drawn by the decoder of a closed loop. */
import { type Command, Option } from "commander";
import { SPLITS } from "../data/sets/hold-out.ts";
import type { SampleOptions } from "../method/views.ts";
import { print } from "./terminal.ts";
import { seedOption, wholeNumber } from "./whole-number.ts";

const examples = `
What is drawn:
  classes      one row per class: samples of a Gaussian along its principal components
  traverse     one row per principal component of a class, starting from one of its images
  interpolate  one row per class: from one of its images to an image of the next class

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
      new Option("--kind <kind>", "what to draw")
        .choices(["classes", "traverse", "interpolate"])
        .default("classes"),
    )
    .option("--checkpoint <best|last|name>", "checkpoint of the run", "best")
    .addOption(
      new Option("--split <split>", "split whose features the classes are fitted to")
        .choices(SPLITS)
        .default("train"),
    )
    .addOption(
      new Option("--class <n>", "one class (default: all; traverse: the first)").argParser(
        wholeNumber("--class", 0),
      ),
    )
    .addOption(whole("--columns", "images in a row", 10))
    .addOption(whole("--components", "principal components of a class", 6))
    .addOption(seedOption(1))
    .option("--output <dir>", "folder for the PNG file (default: pictures/ in the run folder)")
    .addHelpText("after", examples)
    .action(async (run: string, options: SampleOptions) => {
      const { drawSamples } = await import("../inspect/view-run.ts");
      print(await drawSamples(run, options));
    });
}
