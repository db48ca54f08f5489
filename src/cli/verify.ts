/** @file `vitrine verify`: the theory's claims, checked by experiments. */
import type { Command } from "commander";
import { print, printColumns, printJson, printTable, talk } from "./terminal.ts";
import { seedOption } from "./whole-number.ts";

interface Options {
  quick?: true;
  list?: true;
  seed: number;
  output: string;
  json?: true;
}

const examples = `
Exit code 0 if every claim comes out as stated, 1 if one fails.

Examples:
  $ vitrine verify --quick
  $ vitrine verify tweedie softmax-denoiser
  $ vitrine verify --list`;

export function verifyCommand(command: Command): void {
  command
    .argument("[claim...]", "names of claims (default: all)")
    .option("--quick", "smaller problems with the same verdicts, in under a minute")
    .option("--list", "list the claims")
    .addOption(seedOption(42))
    .option("--output <dir>", "folder for report.json and figures/", "verify")
    .option("--json", "the report, or the list, as JSON on stdout")
    .addHelpText("after", examples)
    .action((names: string[], options: Options) =>
      options.list ? list(names, options) : check(names, options),
    );
}

async function list(names: string[], { json }: Options): Promise<void> {
  const { findClaims } = await import("../theory/verify.ts");
  const rows = findClaims(names).map(({ name, title, source, expected, condition }) => ({
    ...{ name, title, source, expected },
    condition: condition === undefined ? "" : `${condition.kind} ${condition.text}`,
  }));
  if (json) return printJson(rows);
  printColumns(
    ["claim", "what it says", "source"],
    rows.map(({ name, title, source }) => [name, title, source]),
  );
}

async function check(names: string[], { json, ...options }: Options): Promise<void> {
  const { verify, verificationTable } = await import("../theory/verification/verify.ts");
  const { report } = verify(names, {
    ...options,
    progress: ({ name, passed, seconds }) => {
      talk(`${passed ? "ok   " : "FAILS"}  ${name}, ${seconds.toFixed(1)} s`);
    },
  });
  const failed = report.claims.filter(({ passed }) => !passed);
  process.exitCode = failed.length === 0 ? 0 : 1;
  if (json) return printJson(report);
  const { terminalOf } = await import("../base/terminal.ts");
  const shown = terminalOf(process.stdout);
  // formulas have no stand-ins in ASCII; what is not a terminal takes lines of any length
  printTable(
    verificationTable(report, { ...shown, unicode: true, columns: process.stdout.columns ?? 10_000 }),
  );
  for (const { name, numbers } of failed)
    for (const [what, { value, least, most }] of Object.entries(numbers))
      if (value === null || value < (least ?? value) || value > (most ?? value))
        print(`${name}: ${what} is ${value}, expected ${range(least, most)}`);
  const seconds = report.claims.reduce((sum, claim) => sum + claim.seconds, 0);
  const count = report.claims.length;
  print(`${count - failed.length} of ${count} claims come out as stated, ${seconds.toFixed(1)} s`);
  print(options.output);
}

function range(least: number | undefined, most: number | undefined): string {
  if (most === undefined) return `at least ${least}`;
  return least === undefined ? `at most ${most}` : `${least} to ${most}`;
}
