/** @file `vitrine segment`: what a model's patches show of the objects in images. */
import { type Command, Option } from "commander";
import { UsageError } from "../base/errors.ts";
import type { SegmentOptions } from "../inspect/index.ts";
import { print, talk } from "./terminal.ts";
import { wholeNumber } from "./whole-number.ts";

const examples = `
What is drawn:
  attention  each head's attention of the class token, and a mask of it, as PNG and SVG
  tokencut   one object, by one normalised cut
  maskcut    up to three objects, by cuts one after the other
  pca        patches in the colours of their principal components, over all images together

Examples:
  $ vitrine segment runs/first photo.jpg
  $ vitrine segment runs/first photos/ --method maskcut --size 96
  $ vitrine segment crate-base-8.pth val2017/ --method maskcut --size 480 --masks instances_val2017.json
  $ vitrine segment crate-base-8.pth photos/ --masks labels/ --threshold entries --heads 6`;

export function segmentCommand(command: Command): void {
  command
    .argument(
      "<model>",
      "run folder, checkpoint, or a file of safetensors or PyTorch (.pth, .pt, .th, .ckpt, .bin)",
    )
    .argument("<images>", "image, or folder of images")
    .addOption(
      new Option("--method <method>", "what to draw")
        .choices(["attention", "tokencut", "maskcut", "pca"])
        .default("attention"),
    )
    .addOption(
      new Option("--size <n>", "side that images are stretched to; the model's own when not given").argParser(
        wholeNumber("--size", 1, 4096),
      ),
    )
    .addOption(
      new Option(
        "--layer <l>",
        "layer, from 1; when not given the last, for attention the last but one",
      ).argParser(wholeNumber("--layer")),
    )
    .addOption(
      new Option(
        "--heads <n>",
        "heads of a file's weights; those of its published size when not given",
      ).argParser(wholeNumber("--heads")),
    )
    .option("--key <key>", "part of a file with the weights, such as state_dict_ema; found when not given")
    .option("--untrained", "the same model with the weights that training starts from")
    .option("--masks <path>", "true masks, a folder or a COCO .json: prints the scores against them")
    .addOption(
      new Option("--threshold <way>", "attention to masks: so much of it, or so many of its entries")
        .choices(["mass", "entries"])
        .default("mass"),
    )
    .addOption(new Option("--share <s>", "how much or how many").argParser(share).default(0.6))
    .addOption(
      new Option("--tau <cosine>", "alike from here on; 0.2 for tokencut, 0.15 for maskcut").argParser(
        cosine,
      ),
    )
    .addOption(
      new Option("--colours <way>", "the paper's or its code's (pca)")
        .choices(["paper", "code"])
        .default("paper"),
    )
    .option("--output <dir>", "folder of the pictures", "segments")
    .addHelpText("after", examples)
    .action(async (model: string, images: string, options: SegmentOptions) => {
      const { segmentImages } = await import("../inspect/segment/segment-images.ts");
      for (const line of await segmentImages(model, images, { ...options, say: talk })) print(line);
    });
}

const share = (text: string): number => within(text, "--share", 0, 1);
const cosine = (text: string): number => within(text, "--tau", -1, 1);

function within(text: string, flag: string, above: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== "" && value > above && value <= most) return value;
  throw new UsageError(`${flag}: expected a number above ${above} and up to ${most}, received "${text}"`, {
    path: flag,
    received: text,
  });
}
