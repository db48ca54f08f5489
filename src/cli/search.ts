/** @file `vitrine search`: the rows of a features file most similar to one of them. */
import { type Command, Option } from "commander";
import { print, printJson } from "./terminal.ts";
import { wholeNumber } from "./whole-number.ts";

const examples = `
Prints row, cosine and, if the file has names, the name; rows count from 0, and row ROW itself is left out.

Examples:
  $ vitrine search z.npz 17
  $ vitrine search z.npz 17 --count 3 --json`;

export function searchCommand(command: Command): void {
  command
    .argument("<features>", "features file")
    .argument("<row>", "the row to compare with, from 0", wholeNumber("ROW", 0, 1e9))
    .addOption(new Option("--count <n>", "rows to list").argParser(wholeNumber("--count")).default(10))
    .option("--json", "the rows as JSON on stdout")
    .addHelpText("after", examples)
    .action(async (file: string, row: number, { count, json }: { count: number; json?: true }) => {
      const { searchFile } = await import("../evaluate/search-file.ts");
      const found = await searchFile(file, row, count);
      if (json) return printJson(found);
      for (const { row, cosine, name } of found)
        print(`${String(row).padStart(8)}  ${cosine.toFixed(4)}${name === undefined ? "" : `  ${name}`}`);
    });
}
