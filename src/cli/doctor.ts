/** @file `vitrine doctor`: what this machine can do. */
import type { Command } from "commander";
import { printColumns, printJson } from "./terminal.ts";

export function doctorCommand(command: Command): void {
  command
    .option("--json", "the checks as JSON on stdout")
    .addHelpText(
      "after",
      "\nExit code 0 if nothing is missing, 1 if something needs a remedy.\n\nExample:\n  $ vitrine doctor",
    )
    .action(async ({ json }: { json?: true }) => {
      const { doctor } = await import("../tensor/doctor.ts");
      const { lines } = doctor();
      process.exitCode = lines.every((line) => line.ok) ? 0 : 1;
      if (json) return printJson(lines);
      const rows = lines.map(({ name, value, ok, remedy }) => [
        ok ? "ok" : "fault",
        name,
        remedy === undefined ? value : `${value}; ${remedy}`,
      ]);
      printColumns(["", "what", "found"], rows);
    });
}
