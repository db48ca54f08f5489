/** @file `vitrine verify`: claims measured, written as a report with a figure each, and shown as a table. */

import type { Terminal } from "../../base/terminal.ts";
import { table } from "../../base/terminal-table.ts";
import { type VerifyOptions, verifyClaims } from "../verify.ts";
import { type Verification, verification, writeVerification } from "./report.ts";

export interface VerifyRunOptions extends VerifyOptions {
  /** Folder for report.json and figures/. */
  output: string;
}

/**
 * Runs the claims of these names, or all of them, and writes what they found.
 * @throws {UsageError} no such claim; {DiskError} cannot be written
 */
export function verify(
  names: readonly string[],
  { output, ...options }: VerifyRunOptions,
): { report: Verification; figures: string[] } {
  const outcomes = verifyClaims(names, options);
  const report = verification(outcomes, { quick: options.quick ?? false, seed: options.seed ?? 42 });
  return { report, figures: writeVerification(output, report) };
}

/** The claims as a table: claim, source, expected, measured, verdict, seconds. */
export function verificationTable({ claims }: Verification, terminal: Terminal): string {
  return table(
    claims,
    [
      { title: "claim", kind: "text", value: ({ name }) => name },
      { title: "source", kind: "text", value: ({ source }) => source },
      { title: "expected", kind: "text", value: ({ expected }) => expected },
      { title: "measured", kind: "text", value: ({ measured }) => measured },
      { title: "verdict", kind: "text", value: ({ verdict }) => verdict },
      { title: "seconds", kind: "number", decimals: 2, value: ({ seconds }) => seconds },
    ],
    terminal,
  );
}
