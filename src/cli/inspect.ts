/** @file `vitrine inspect`: the layers of a run, or the tensors of a file. */
import { statSync } from "node:fs";
import { type Command, Option } from "commander";
import { UsageError } from "../base/errors.ts";
import { grouped, print, printColumns, printJson, printTable, talk } from "./terminal.ts";
import { wholeNumber } from "./whole-number.ts";

interface Options {
  checkpoint: string;
  samples: number;
  output?: string;
  split: "train" | "test";
  json?: true;
  key?: string;
}

const examples = `
Examples:
  $ vitrine inspect runs/first
  $ vitrine inspect runs/first --checkpoint last --samples 512 --output report
  $ vitrine inspect runs/first/checkpoints/step-00001000/model.safetensors`;

export function inspectCommand(command: Command): void {
  command
    .argument(
      "<run>",
      "run folder, checkpoint, hf:OWNER/NAME, or a file of safetensors or PyTorch (.pth, .pt, .th, .ckpt, .bin)",
    )
    .option("--checkpoint <best|last|name>", "checkpoint of the run", "best")
    .addOption(
      new Option("--split <split>", "split of the data set").choices(["train", "test"]).default("test"),
    )
    .addOption(
      new Option("--samples <n>", "images to measure on").argParser(wholeNumber("--samples")).default(256),
    )
    .option(
      "--output <dir>",
      "folder for report.json and figures/ (default: the run folder; a file of weights writes none)",
    )
    .option("--json", "the report as JSON on stdout")
    .addHelpText("after", examples)
    .option("--key <key>", "part of a file of weights, such as state_dict_ema (default: found)")
    .action(async (address: string, { json, key, ...options }: Options) => {
      const { localFile } = await import("../data/hub/fetch.ts");
      const given = await localFile(address);
      const { weightsFile } = await import("../train/weights/read.ts");
      const run = weightsFile(given);
      const file = statSync(run, { throwIfNoEntry: false })?.isDirectory() === false;
      if (file || /\.(safetensors|pth|pt|th)$/.test(run))
        return showTensors(run, { key, json: json ?? false, output: options.output });
      if (key !== undefined)
        throw new UsageError(`--key: names a part of a file of weights, but ${run} is a folder`, {
          path: "--key",
        });
      const { inspectRun } = await import("../inspect/view-run.ts");
      const { report, table, figures } = await inspectRun(run, options);
      if (json) return printJson(report);
      printTable(table);
      for (const figure of figures) print(figure);
    });
}

async function showTensors(
  file: string,
  { key, json, output }: { key: string | undefined; json: boolean; output: string | undefined },
): Promise<void> {
  const { listTensors } = await import("../measure/tensor-list.ts");
  const { tensors, note, keys } = listTensors(file, key);
  if (note !== undefined) talk(note);
  if (json || output !== undefined) {
    const { inspectWeights } = await import("../inspect/inspect-weights.ts");
    const report = inspectWeights(file, { ...(key && { key }), ...(output && { output }) });
    if (json) return printJson(report);
  }
  printColumns(
    ["tensor", "dtype", "shape"],
    tensors.map(({ name, dtype, shape }) => [name, dtype, shape.join(" × ")]),
  );
  const bytes = tensors.reduce((sum, tensor) => sum + tensor.bytes, 0);
  const { describeArchitecture, recognise } = await import("../train/weights/recognise.ts");
  const { headsInWords } = await import("../train/weights/assumed.ts");
  const architecture = recognise(new Map(tensors.map((tensor) => [tensor.name, tensor])));
  print(`${tensors.length} tensors, ${grouped(bytes)} bytes; ${describeArchitecture(architecture)}`);
  const heads = architecture && headsInWords(architecture);
  if (heads !== undefined) print(`no tensor tells the number of heads: ${heads}`);
  if (keys.length > 0)
    printColumns(
      ["key", "tensors"],
      keys.map(({ key, tensors }) => [key, tensors]),
    );
}
