/** @file `vitrine inspect`: the layers of a run, the tensors of a file, the layers of any network on images or a text. */
import { statSync } from "node:fs";
import { type Command, Option } from "commander";
import { UsageError } from "../base/errors.ts";
import { SPLITS, type Split } from "../data/sets/hold-out.ts";
import { grouped, print, printColumns, printJson, printTable, talk } from "./terminal.ts";
import { wholeNumber } from "./whole-number.ts";

interface Options {
  checkpoint: string;
  samples: number;
  output?: string;
  split: Split;
  json?: true;
  key?: string;
  heads?: number;
}

const examples = `
Examples:
  $ vitrine inspect runs/first
  $ vitrine inspect runs/first --checkpoint last --samples 512 --output report
  $ vitrine inspect runs/first/checkpoints/step-00001000/model.safetensors
  $ vitrine inspect hf:facebook/dinov2-small photos/ --output dinov2
  $ vitrine inspect hf:openai-community/gpt2 book.txt --samples 32`;

export function inspectCommand(command: Command): void {
  command
    .argument(
      "<run>",
      "run folder, checkpoint, hf:OWNER/NAME, or a file of safetensors or PyTorch (.pth, .pt, .th, .ckpt, .bin)",
    )
    .argument(
      "[data]",
      "image, folder of images, or text for a language model: measure on them a network that was not trained here",
    )
    .option("--checkpoint <best|last|name>", "checkpoint of the run", "best")
    .addOption(new Option("--split <split>", "split of the data set").choices(SPLITS).default("test"))
    .addOption(
      new Option("--samples <n>", "images, or blocks of text, to measure on")
        .argParser(wholeNumber("--samples"))
        .default(256),
    )
    .option(
      "--output <dir>",
      "folder for report.json and figures/ (default: the run folder; a file of weights writes none)",
    )
    .option("--json", "the report as JSON on stdout")
    .addHelpText("after", examples)
    .option("--key <key>", "part of a file of weights, such as state_dict_ema (default: found)")
    .addOption(
      new Option(
        "--heads <n>",
        "number of heads, for a file of weights (default: that of its settings, or of the published size)",
      ).argParser(wholeNumber("--heads")),
    )
    .action(async (address: string, data: string | undefined, { json, key, heads, ...options }: Options) => {
      const { localFile } = await import("../data/hub/fetch.ts");
      const given = await localFile(address);
      if (data !== undefined) {
        const { inspectOnData } = await import("../inspect/inspect-data.ts");
        const { samples, output } = options;
        const more = { ...(key && { key }), ...(heads && { heads }), ...(output && { output }) };
        const found = await inspectOnData(given, data, { samples, ...more, say: talk });
        return json ? printJson(found.report) : printInspection(found);
      }
      const { weightsFile } = await import("../train/weights/read.ts");
      const run = weightsFile(given);
      const file = statSync(run, { throwIfNoEntry: false })?.isDirectory() === false;
      if (file || /\.(safetensors|pth|pt|th)$/.test(run))
        return showTensors(run, { key, heads, json: json ?? false, output: options.output });
      if (key !== undefined)
        throw new UsageError(`--key: names a part of a file of weights, but ${run} is a folder`, {
          path: "--key",
        });
      const { inspectRun } = await import("../inspect/view-run.ts");
      const found = await inspectRun(run, options);
      return json ? printJson(found.report) : printInspection(found);
    });
}

function printInspection({ table, figures }: { table: string; figures: readonly string[] }): void {
  printTable(table);
  for (const figure of figures) print(figure);
}

async function showTensors(
  file: string,
  {
    key,
    heads,
    json,
    output,
  }: { key: string | undefined; heads: number | undefined; json: boolean; output: string | undefined },
): Promise<void> {
  const { listTensors } = await import("../measure/tensor-list.ts");
  const { tensors, note, keys } = listTensors(file, key);
  if (note !== undefined) talk(note);
  if (json || output !== undefined) {
    const { inspectWeights } = await import("../inspect/inspect-weights.ts");
    const report = inspectWeights(file, {
      ...{ ...(key && { key }), ...(heads && { heads }), ...(output && { output }) },
    });
    if (json) return printJson(report);
  }
  printColumns(
    ["tensor", "dtype", "shape"],
    tensors.map(({ name, dtype, shape }) => [name, dtype, shape.join(" × ")]),
  );
  const bytes = tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
  const { recognise } = await import("../train/weights/recognise.ts");
  const { describeTensors } = await import("../train/weights/describe.ts");
  const { configBeside } = await import("../train/weights/elsewhere.ts");
  const { headsInWords } = await import("../train/weights/assumed.ts");
  const shapes = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const what = describeTensors(shapes, configBeside(file));
  print(`${tensors.length} tensors, ${grouped(bytes)} bytes; ${what}`);
  const architecture = heads === undefined ? recognise(shapes) : undefined;
  const assumed = architecture && headsInWords(architecture);
  if (assumed !== undefined) print(`no tensor tells the number of heads: ${assumed}`);
  if (keys.length > 0)
    printColumns(
      ["key", "tensors"],
      keys.map(({ key, tensors }) => [key, tensors]),
    );
}
