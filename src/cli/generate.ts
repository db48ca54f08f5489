/** @file `vitrine generate`: text written by a language model. */
import { type Command, Option } from "commander";
import { UsageError } from "../base/errors.ts";
import type { GenerateOptions } from "../method/language/index.ts";
import { print } from "./terminal.ts";
import { seedOption, wholeNumber } from "./whole-number.ts";

const examples = `
Examples:
  $ vitrine generate runs/verse --prompt "KING:" --tokens 300
  $ vitrine generate runs/verse --temperature 0.8 --top-k 20 --seed 7`;

export function generateCommand(command: Command): void {
  const whole = (flag: string, about: string) =>
    new Option(`${flag} <n>`, about).argParser(wholeNumber(flag));
  command
    .argument("<run>", "run folder of a language model that predicts the next token")
    .option("--prompt <text>", "text to continue (default: a line break)")
    .addOption(whole("--tokens", "tokens to write").default(200))
    .addOption(
      new Option("--temperature <x>", "divisor of the logits; 0 always takes the likeliest token")
        .argParser(temperature)
        .default(1),
    )
    .addOption(whole("--top-k", "draw from this many of the likeliest tokens (default: all)"))
    .addOption(seedOption(1))
    .option("--checkpoint <best|last|name>", "checkpoint of the run", "best")
    .option("--no-cache", "compute the whole text again for each token")
    .addHelpText("after", examples)
    .action(async (run: string, options: GenerateOptions) => {
      const { generateText } = await import("../method/language/generate.ts");
      print(generateText(run, { ...options, prompt: options.prompt ?? "\n" }));
    });
}

function temperature(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= 0) return value;
  throw new UsageError(`--temperature: expected a number from 0, received "${text}"`, {
    path: "--temperature",
    received: text,
  });
}
