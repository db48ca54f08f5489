/** @file `vitrine features`: what a run's encoder, or one that the user names, makes of images, as a file. */
import { type Command, Option } from "commander";
import { PIXEL_TYPES, type PixelType } from "../data/features/encoder-ends.ts";
import { grouped, print } from "./terminal.ts";
import { wholeNumber } from "./whole-number.ts";

const examples = `
Examples:
  $ vitrine features runs/mcr2 --output z.npz
  $ vitrine features photos/ --encoder clip-vit-l14.onnx --output z.parquet
  $ vitrine features z.npz --near 17            the ten rows most like row 17`;

interface Options {
  output?: string;
  checkpoint: string;
  split: "train" | "test";
  encoder?: string;
  encoderOutput?: string;
  encoderSize?: number;
  encoderDtype?: PixelType;
  near?: number;
  count: number;
}

export function featuresCommand(command: Command): void {
  command
    .argument("<source>", "run folder, folder of images (with --encoder), or features file")
    .option("--output <file>", "a .npy, .npz, .safetensors or .parquet file")
    .option("--checkpoint <best|last|name>", "checkpoint of the run", "best")
    .addOption(
      new Option("--split <split>", "images of the run's data set")
        .choices(["train", "test"])
        .default("train"),
    )
    .option("--encoder <file>", "ONNX encoder for a folder of images, run by onnxruntime")
    .option("--encoder-output <name>", "the encoder's output to take; needed where it has several")
    .addOption(
      new Option(
        "--encoder-size <pixels>",
        "side of its images; 224 for an encoder that takes any",
      ).argParser(wholeNumber("--encoder-size")),
    )
    .addOption(
      new Option(
        "--encoder-dtype <type>",
        "element type of its images, which another encoder is refused for",
      ).choices(PIXEL_TYPES),
    )
    .addOption(
      new Option("--near <row>", "list the rows most like this one, by cosine").argParser(
        wholeNumber("--near", 0),
      ),
    )
    .addOption(new Option("--count <n>", "rows to list").argParser(wholeNumber("--count")).default(10))
    .addHelpText("after", examples)
    .action(async (source: string, options: Options) => {
      const { exportFeatures } = await import("../method/export-features.ts");
      const { output, near, count, ...from } = options;
      if (near !== undefined) {
        const { searchFile } = await import("../evaluate/cluster/cluster-file.ts");
        for (const { row, cosine, name } of await searchFile(source, near, count))
          print(`${String(row).padStart(8)}  ${cosine.toFixed(4)}${name === undefined ? "" : `  ${name}`}`);
        return;
      }
      const [n, d] = await exportFeatures(source, { output, ...from });
      print(`${grouped(n)} features of dimension ${d}: ${output}`);
    });
}
