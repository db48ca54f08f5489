/** @file `vitrine fidelity`: how like real images those are that a run draws, and the scores of activations in files. */
import type { Command } from "commander";
import { Option } from "commander";
import { UsageError } from "../base/errors.ts";
import { print, printJson } from "./terminal.ts";
import { seedNumber, wholeNumber } from "./whole-number.ts";

const examples = `
With a classifier trained here, the Fréchet distance in its features is FD-ours: it is no FID, and is compared with
others of the same classifier only. FID and the inception score need activations of the reference Inception net, from a
file that another program wrote, or from a folder of images through an ONNX file of it.

Examples:
  $ vitrine fidelity runs/ctrl --classifier runs/mnist
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
    .argument("<source>", "run folder of ctrl, ictrl or generative; or activations, or a folder of images")
    .option("--classifier <run>", "run folder of a classifier of the same data: its features are the space")
    .option("--checkpoint <best|last|name>", "checkpoint of the run", "best")
    .option("--against <source>", "activations of real images, or a folder of them")
    .option("--encoder <file>", "ONNX file that gives the activations of images")
    .option("--inception-score", "the source has class probabilities: exp of their mean divergence")
    .addOption(whole("--count", "images of each kind", 5000))
    .addOption(whole("--components", "principal components that a class's samples vary along", 6))
    .addOption(new Option("--seed <n>", "seed of the samples").argParser(seedNumber).default(1))
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
    throw new UsageError("expected --classifier RUN for a run, or --against SOURCE for activations", {
      path: "--against",
    });
  using second = await metrics.activations(against, given);
  return { "Fréchet distance": metrics.frechetDistance(first, second) };
}
