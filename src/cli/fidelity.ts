/** @file `vitrine fidelity`: Fréchet distance between generated and real images, and the Inception Score. */
import type { Command } from "commander";
import { Option } from "commander";
import { UsageError } from "../base/errors.ts";
import { print, printJson } from "./terminal.ts";
import { seedOption, wholeNumber } from "./whole-number.ts";

const examples = `
In the features of a classifier trained here, the Fréchet distance is called FD-ours. It is not FID: compare it only with
distances in the same classifier. FID and the Inception Score need activations of the reference Inception network, from a
file of another program, or from a folder of images through that network as an ONNX file.

Examples:
  $ vitrine fidelity runs/ctrl --classifier crate-mnist
  $ vitrine fidelity runs/ctrl --classifier runs/first
  $ vitrine fidelity made.npz --against real.npz
  $ vitrine fidelity made/ --against real/ --encoder inception.onnx
  $ vitrine fidelity probabilities.npy --inception-score`;

interface Options {
  classifier?: string;
  checkpoint: string;
  against?: string;
  encoder?: string;
  inceptionScore?: true;
  count: number;
  components: number;
  seed: number;
  json?: true;
}

export function fidelityCommand(command: Command): void {
  const whole = (flag: string, about: string, preset: number) =>
    new Option(`${flag} <n>`, about).argParser(wholeNumber(flag)).default(preset);
  command
    .argument(
      "<source>",
      "run folder of a method that generates images; file of activations; or folder of images",
    )
    .option(
      "--classifier <model>",
      "a classifier of the same data, whose features are compared: run folder, weights, or a model that comes along",
    )
    .option("--checkpoint <best|last|name>", "checkpoint of the run", "best")
    .option("--against <source>", "file of activations of real images, or a folder of real images")
    .option("--encoder <file>", "ONNX file that computes the activations of images")
    .option("--inception-score", "Inception Score of a file of class probabilities")
    .addOption(whole("--count", "images to generate, and real images to compare with", 5000))
    .addOption(whole("--components", "principal components that the samples of a class vary along", 6))
    .addOption(seedOption(1))
    .option("--json", "the distances as JSON on stdout")
    .addHelpText("after", examples)
    .action(async (source: string, options: Options) => {
      const numbers = await measure(source, options);
      if (options.json) return printJson(numbers);
      for (const [name, value] of Object.entries(numbers)) print(`${name}  ${value.toFixed(4)}`);
    });
}

async function measure(source: string, options: Options): Promise<Record<string, number>> {
  const { classifier, against, encoder, inceptionScore } = options;
  if (classifier !== undefined) {
    const { fidelity } = await import("../inspect/fidelity.ts");
    const { samples, transcriptions, real } = await fidelity(source, { ...options, classifier });
    return {
      "FD-ours of samples": samples,
      ...(transcriptions !== undefined && { "FD-ours of transcriptions": transcriptions }),
      "FD-ours of other real images": real,
    };
  }
  const metrics = await import("../evaluate/metrics/index.ts");
  const given = encoder === undefined ? {} : { encoder: { path: encoder } };
  using first = await metrics.activations(source, given);
  if (inceptionScore) {
    const { mean, std } = metrics.inceptionScore(first);
    return { "inception score": mean, "standard deviation over splits": std };
  }
  if (against === undefined)
    throw new UsageError("expected --classifier MODEL for a run, or --against SOURCE for activations", {
      path: "--against",
    });
  using second = await metrics.activations(against, given);
  return { "Fréchet distance": metrics.frechetDistance(first, second) };
}
