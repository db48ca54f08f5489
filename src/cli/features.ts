/** @file `vitrine features`: features of a run, or of images through an ONNX encoder, as a file. */
import { type Command, Option } from "commander";
import { PIXEL_TYPES, type PixelType } from "../data/features/encoder-ends.ts";
import { SPLITS, type Split } from "../data/sets/hold-out.ts";
import { grouped, print } from "./terminal.ts";
import { wholeNumber } from "./whole-number.ts";

const examples = `
Examples:
  $ vitrine features runs/mcr2 --output z.npz
  $ vitrine features photos/ --encoder clip-vit-l14.onnx --output z.parquet
  $ vitrine features runs/mcr2 --split test --output test.npz`;

interface Options {
  output: string | undefined;
  checkpoint: string;
  split: Split;
  encoder?: string;
  encoderOutput?: string;
  encoderSize?: number;
  encoderDtype?: PixelType;
}

export function featuresCommand(command: Command): void {
  command
    .argument("<source>", "run folder, or folder of images (with --encoder)")
    .option("--output <file>", "file to write: .npy, .npz, .safetensors or .parquet")
    .option("--checkpoint <best|last|name>", "checkpoint of the run", "best")
    .addOption(new Option("--split <split>", "split of the run's data set").choices(SPLITS).default("train"))
    .option(
      "--encoder <file>",
      "ONNX encoder for a folder of images, or hf:OWNER/NAME[/FILE]; run by onnxruntime",
    )
    .option("--encoder-output <name>", "output of the encoder to take; required if it has several")
    .addOption(
      new Option(
        "--encoder-size <pixels>",
        "side of its input images, in pixels (default: the model's; 224 if it takes any)",
      ).argParser(wholeNumber("--encoder-size")),
    )
    .addOption(
      new Option("--encoder-dtype <type>", "element type that its input must have").choices(PIXEL_TYPES),
    )
    .addHelpText("after", examples)
    .action(async (source: string, options: Options) => {
      const { exportFeatures } = await import("../method/export-features.ts");
      const [n, d] = await exportFeatures(source, options);
      print(`${grouped(n)} features of dimension ${d}: ${options.output}`);
    });
}
