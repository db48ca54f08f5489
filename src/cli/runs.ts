/** @file `vitrine runs`: what was trained, and what came of it. */
import type { Command } from "commander";
import { listRuns } from "../method/list-runs.ts";
import { grouped, print, printColumns, printJson } from "./terminal.ts";

export function runsCommand(command: Command): void {
  command
    .command("ls")
    .usage("[FOLDER] [flags]")
    .description("list the runs of a folder, the newest first")
    .argument("[folder]", "folder of all runs", "runs")
    .option("--json", "the list as JSON on stdout")
    .addHelpText("after", "\nExamples:\n  $ vitrine runs ls\n  $ vitrine runs ls /data/runs --json")
    .action((folder: string, { json }: { json?: true }) => {
      const runs = listRuns(folder);
      if (json) return printJson(runs);
      if (runs.length === 0) return print(`${folder} has no runs; vitrine train digits makes one`);
      printColumns(
        ["run", "method", "model", "data", "step", "changed (UTC)", "result"],
        runs.map(({ run, method, model, data, step, changed, running, result, problem }) => {
          const when = running ? "running" : changed.slice(0, 16).replace("T", " ");
          return [run, method, model, data, grouped(step), when, problem ?? result];
        }),
      );
    });
}
