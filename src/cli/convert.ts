/** @file `vitrine convert`: weights of PyTorch or of a run as safetensors. */
import type { Command } from "commander";
import { grouped, print, talk } from "./terminal.ts";

export function convertCommand(command: Command): void {
  command
    .argument(
      "<input>",
      "file of safetensors or PyTorch (.pth, .pt, .th, .ckpt, .bin), hf:OWNER/NAME, run folder, or checkpoint",
    )
    .argument("<output>", "the .safetensors file to write")
    .option("--key <key>", "part of the file that has the weights, such as state_dict_ema (default: found)")
    .addHelpText(
      "after",
      "\nReads pickles as data: executes nothing in the input.\n\nExamples:\n  $ vitrine convert crate-small.pth crate-small.safetensors\n  $ vitrine convert runs/first first.safetensors\n  $ vitrine convert timm.pth.tar average.safetensors --key state_dict_ema\n  $ vitrine convert hf:OWNER/NAME@REVISION/model.safetensors here.safetensors",
    )
    .action(async (given: string, output: string, { key }: { key?: string }) => {
      const { localFile } = await import("../data/hub/fetch.ts");
      const input = await localFile(given);
      const { convertWeights } = await import("../train/weights/index.ts");
      const { tensors, numbers, what, notes } = convertWeights(input, output, key);
      for (const note of notes) talk(note);
      print(`${output}: ${tensors} tensors, ${grouped(numbers)} numbers; ${what}`);
    });
}
