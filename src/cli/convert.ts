/** @file `vitrine convert`: weights of PyTorch or of a run as safetensors. */
import type { Command } from "commander";
import { grouped, print } from "./terminal.ts";

export function convertCommand(command: Command): void {
  command
    .argument("<input>", "a .pth, .pt, .th or .safetensors file, a run folder or a checkpoint")
    .argument("<output>", "the .safetensors file to write")
    .addHelpText(
      "after",
      "\nNothing in the input is executed: a file that holds more than data is refused.\n\nExamples:\n  $ vitrine convert crate-small.pth crate-small.safetensors\n  $ vitrine convert runs/first first.safetensors",
    )
    .action(async (input: string, output: string) => {
      const { convertWeights, describeArchitecture } = await import("../method/weights/index.ts");
      const { tensors, numbers, architecture } = convertWeights(input, output);
      print(
        `${output}: ${tensors} tensors, ${grouped(numbers)} numbers; ${describeArchitecture(architecture)}`,
      );
    });
}
