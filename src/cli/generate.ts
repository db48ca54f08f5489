/** @file `vitrine generate`: text that a language model writes after a prompt. */
import { type Command, Option } from "commander";
import { UsageError } from "../base/errors.ts";
import type { GenerateOptions } from "../method/language/index.ts";
import { print } from "./terminal.ts";
import { seedNumber, wholeNumber } from "./whole-number.ts";

const examples = `
Examples:
  $ vitrine generate runs/verse --prompt "KING:" --tokens 300
  $ vitrine generate runs/verse --temperature 0.8 --top-k 20 --seed 7`;

export function generateCommand(command: Command): void {
  const whole = (flag: string, about: string) =>
    new Option(`${flag} <n>`, about).argParser(wholeNumber(flag));
  command
    .argument("<run>", "run folder of a language model that predicts the next token")
    .option("--prompt <text>", "what the text begins with; a line end when not given", "\n")
    .addOption(whole("--tokens", "tokens to write").default(200))
    .addOption(
      new Option("--temperature <x>", "divides the logits; 0 takes the likeliest token each time")
        .argParser(temperature)
        .default(1),
    )
    .addOption(whole("--top-k", "only so many of the likeliest tokens; all when not given"))
    .addOption(new Option("--seed <n>", "seed of the draws").argParser(seedNumber).default(1))
    .option("--checkpoint <best|last|name>", "checkpoint of the run", "best")
    .option("--no-cache", "go through the whole text again for each token")
    .addHelpText("after", examples)
    .action(async (run: string, options: GenerateOptions) => {
      const { generateText } = await import("../method/language/generate.ts");
      print(generateText(run, options));
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
