/** @file `vitrine export`: a network in a format that others read, verified after it was written. */
import { type Command, Option } from "commander";
import type { FormatName } from "../export/formats/index.ts";
import type { Precision } from "../export/precision.ts";
import { columns, print, talk } from "./terminal.ts";
import { wholeNumber } from "./whole-number.ts";

// named here too: the help must not load what writes them
const FORMATS = [
  "onnx",
  "hf",
  "transformersjs",
  "page",
  "html",
  "release",
] as const satisfies readonly FormatName[];
const PRECISIONS = ["fp32", "fp16", "int8"] as const satisfies readonly Precision[];

interface Options {
  format: FormatName;
  checkpoint: string;
  precision?: Precision;
  heads?: number;
  key?: string;
  samples: number;
  output: string;
}

const help = `
Formats:
  onnx            one ONNX file, opset 17, with every probe as an output
  hf              a folder for the Hugging Face hub: config, safetensors, model card, ONNX
  transformersjs  a folder for transformers.js: image classification in a browser
  page            a folder for any web server: draw a picture, and see what every layer makes of it
  html            the same page as one file that opens without a network; weights as halves, up to 2 MiB
  release         a folder for models/: safetensors of at most 2 MB with settings and a card; weights as halves above it

What was written is run, and compared with libtorch: above 1e-4 of a probe's largest entry (fp32) nothing is left.

Examples:
  $ vitrine export runs/first --output first.onnx
  $ vitrine export runs/first --format html --output first.html
  $ vitrine export runs/* --format page --output site
  $ vitrine export runs/first --format hf --output first-hf
  $ vitrine export crate-base-8.pth --precision fp16 --heads 12 --output crate.onnx`;

export function exportCommand(command: Command): void {
  command
    .argument(
      "<model...>",
      "run folder, hf:OWNER/NAME, or a file of safetensors or PyTorch (.pth, .pt, .th, .ckpt, .bin); with --format page several run folders",
    )
    .requiredOption("--output <path>", "file or folder to write")
    .addOption(new Option("--format <format>", "format to write").choices(FORMATS).default("onnx"))
    .option("--checkpoint <best|last|name>", "checkpoint of the run", "best")
    .addOption(
      new Option(
        "--precision <precision>",
        "of the weights (default: fp32; above 8 MiB of weights, 2 MB in release, and in html, fp16)",
      ).choices(PRECISIONS),
    )
    .addOption(
      new Option(
        "--heads <n>",
        "number of heads, for a file of weights (default: that of the published size)",
      ).argParser(wholeNumber("--heads")),
    )
    .option("--key <key>", "part of a file that has the weights, such as state_dict_ema (default: found)")
    .addOption(
      new Option("--samples <n>", "images of the data set that a page shows")
        .argParser(wholeNumber("--samples"))
        .default(24),
    )
    .addHelpText("after", help)
    .action(async (models: string[], options: Options) => {
      if (models.length > 1) return await several(models, options);
      const [model] = models as [string];
      const { exportModel } = await import("../export/index.ts");
      const { output, precision, nodes, outputs, files, engines, differences } = await exportModel(model, {
        ...options,
        say: talk,
      });
      const kinds = new Map<string, (typeof differences)[number]>();
      for (const each of differences) {
        const kind = each.name.replace(/\.\d+(?=\.|$)/g, ".*");
        const known = kinds.get(kind);
        if (known === undefined || each.relative > known.relative) kinds.set(kind, each);
      }
      const rows = [...kinds].map(([kind, { name, relative, absolute }]) => [
        kind,
        absolute.toExponential(1),
        relative.toExponential(1),
        name,
      ]);
      print(columns(["probe", "difference", "relative", "largest at"], rows));
      for (const { path, bytes } of files) print(`${path}: ${(bytes / 1024).toFixed(0)} KiB`);
      print(
        `${output}: ${nodes} nodes, ${outputs} outputs, ${precision}; as libtorch by ${engines.join(" and ")}`,
      );
    });
}

/** The studio's pages over several runs. @throws {UsageError} another format, or what runs have no use for */
async function several(
  models: readonly string[],
  { format, checkpoint, precision, samples, output, ...more }: Options,
): Promise<void> {
  const { UsageError } = await import("../base/errors.ts");
  if (format !== "page")
    throw new UsageError(`--format: several runs make a page, got ${format}`, { path: "--format" });
  const given = (["heads", "key"] as const).find((name) => more[name] !== undefined);
  if (given !== undefined)
    throw new UsageError(`--${given}: is for a file of weights`, { path: `--${given}` });
  const { exportRuns } = await import("../studio/export-runs.ts");
  const { runs, files } = await exportRuns(models, { checkpoint, ...(precision && { precision }), samples, output, say: talk }); // biome-ignore format: short
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  print(`${output}: ${runs.length} runs, ${files.length} files, ${(bytes / 1024).toFixed(0)} KiB`);
}
