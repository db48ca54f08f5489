/** @file `vitrine segment`: segments of images from attention or patch features, scored against masks. */
import { type Command, Option } from "commander";
import { UsageError } from "../base/errors.ts";
import type { SegmentOptions } from "../inspect/index.ts";
import { repeated } from "./repeated.ts";
import { print, talk } from "./terminal.ts";
import { seedOption, wholeNumber } from "./whole-number.ts";

const examples = `
What is drawn:
  attention  for each head: the class token's attention and a mask made from it, as PNG and SVG
  tokencut   one object, by one normalised cut
  maskcut    up to three objects, by three normalised cuts in turn
  pca        each patch coloured by its principal components over all images

Examples:
  $ vitrine segment runs/first photo.jpg
  $ vitrine segment runs/first photos/ --method maskcut --size 96
  $ vitrine segment crate-base-8.pth val2017/ --method maskcut --size 480 --masks instances_val2017.json
  $ vitrine segment crate-base-8.pth photos/ --masks labels/ --rule entries --heads 6
  $ vitrine segment runs/first photos/ --masks labels/ --size 96 --bootstrap 1000 --against crate-base-8.pth
  $ vitrine segment runs/first photos/ --with runs/second --masks labels/ --bootstrap 1000 --against crate-base-8.pth`;

export function segmentCommand(command: Command): void {
  command
    .argument(
      "<model>",
      "run folder, checkpoint, hf:OWNER/NAME, or a file of safetensors or PyTorch (.pth, .pt, .th, .ckpt, .bin)",
    )
    .argument("<images>", "image, or folder of images")
    .addOption(
      new Option("--method <method>", "segmentation algorithm")
        .choices(["attention", "tokencut", "maskcut", "pca"])
        .default("attention"),
    )
    .addOption(
      new Option(
        "--size <n>",
        "side that images are stretched to, in pixels (default: the model's)",
      ).argParser(wholeNumber("--size", 1, 4096)),
    )
    .addOption(
      new Option("--layer <l>", "layer, from 1 (default: the last; attention: the last but one)").argParser(
        wholeNumber("--layer"),
      ),
    )
    .addOption(
      new Option(
        "--heads <n>",
        "number of heads, for a file of weights (default: that of the published size)",
      ).argParser(wholeNumber("--heads")),
    )
    .option("--key <key>", "part of a file that has the weights, such as state_dict_ema (default: found)")
    .option("--untrained", "the same model with its initial weights, before training")
    .option("--masks <path>", "true masks, a folder or a COCO .json: print scores against them")
    .addOption(
      new Option(
        "--bootstrap <n>",
        "with --masks: 95 % intervals of mIoU by so many resamples of the images, and of the models where several are given",
      ).argParser(wholeNumber("--bootstrap", 100, 1e6)),
    )
    .addOption(seedOption(0, "seed of the resamples"))
    .addOption(
      new Option(
        "--with <model>",
        "with --bootstrap: another seed of the model, judged with it; may be repeated",
      ).argParser(repeated),
    )
    .addOption(
      new Option(
        "--against <model>",
        "with --bootstrap: also how far mIoU is above this model's, image by image; may be repeated for its seeds",
      ).argParser(repeated),
    )
    .addOption(
      new Option(
        "--rule <rule>",
        "keep the patches holding a share of the attention (mass), or a share of the patches (entries)",
      )
        .choices(["mass", "entries"])
        .default("mass"),
    )
    .addOption(new Option("--share <s>", "the share kept, 0 to 1").argParser(share).default(0.6))
    .addOption(
      new Option(
        "--tau <cosine>",
        "cosine above which two patches are joined (default: tokencut 0.2, maskcut 0.15)",
      ).argParser(cosine),
    )
    .addOption(
      new Option("--colours <form>", "colours as in the paper or as in the authors' code (pca)")
        .choices(["paper", "code"])
        .default("paper"),
    )
    .option("--output <dir>", "folder for the pictures", "segments")
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
