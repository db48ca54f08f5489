/** @file `vitrine data`: the data sets that are known, and whether they are here. */
import type { Command } from "commander";
export function dataCommand(_command: Command): void {}
