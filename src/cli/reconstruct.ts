/** @file `vitrine reconstruct`: images beside their reconstructions. */
import { type Command, Option } from "commander";
import { UsageError } from "../base/errors.ts";
import { SPLITS } from "../data/sets/hold-out.ts";
import type { ReconstructOptions } from "../method/views.ts";
import { print } from "./terminal.ts";
import { seedOption, wholeNumber } from "./whole-number.ts";

const examples = `
What is drawn:
  ctrl, ictrl  images above their reconstructions (transcriptions), eight in a row
  mae          original, masked and reconstructed image, four triples in a row

Examples:
  $ vitrine reconstruct runs/ctrl
  $ vitrine reconstruct runs/ctrl --count 32 --output figures
  $ vitrine reconstruct runs/mae --mask-ratio 0.5 --seed 3
  $ vitrine reconstruct runs/mae --mask "0000000 0000000 0011100 0011100 0011100 0000000 0000000"`;

export function reconstructCommand(command: Command): void {
  command
    .argument("<run>", "run folder of ctrl, ictrl or mae")
    .option("--checkpoint <best|last|name>", "checkpoint of the run", "best")
    .addOption(new Option("--split <split>", "split of the data set").choices(SPLITS).default("test"))
    .addOption(new Option("--count <n>", "images to draw").argParser(wholeNumber("--count")).default(64))
    .addOption(
      new Option(
        "--mask-ratio <share>",
        "share of the patches to remove (mae; default: the recipe's)",
      ).argParser(share),
    )
    .addOption(
      new Option(
        "--mask <rows>",
        "one mask for all images: rows of 0 and 1, where 1 removes the patch (mae)",
      ),
    )
    .addOption(seedOption(undefined, "random seed of the masks (mae; default: 1)"))
    .option("--output <dir>", "folder for the PNG file (default: pictures/ in the run folder)")
    .addHelpText("after", examples)
    .action(async (run: string, options: ReconstructOptions) => {
      const { reconstructRun } = await import("../inspect/view-run.ts");
      print(await reconstructRun(run, options));
    });
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value < 1) return value;
  throw new UsageError(`--mask-ratio: expected a number above 0 and below 1, received "${text}"`, {
    path: "--mask-ratio",
    received: text,
  });
}
