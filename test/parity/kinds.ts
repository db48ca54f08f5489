/** @file What a reference file's `kind` says to build. */

import { hint, scope, UsageError } from "../../src/tensor/index.ts";
import { cppLosses } from "./cpp-losses.ts";
import { crate } from "./crate.ts";
import { crateAlpha } from "./crate-alpha.ts";
import { crateMae } from "./crate-mae.ts";
import { ctrlLosses } from "./ctrl-losses.ts";
import { type Comparison, type Kind, readGolden } from "./golden.ts";
import { gpt } from "./gpt.ts";
import { layerRate } from "./layer-rate.ts";
import { redunet } from "./redunet.ts";
import { tssa } from "./tssa.ts";

const KINDS: Record<string, Kind> = {
  "cpp-losses": cppLosses,
  crate,
  "crate-alpha": crateAlpha,
  "crate-gpt": gpt("crate_gpt"),
  "crate-lm": gpt("crate_lm"),
  "crate-mae": crateMae,
  "ctrl-losses": ctrlLosses,
  "layer-rate": layerRate,
  redunet,
  tssa: tssa(false),
  "tssa-causal": tssa(true),
};

/** Runs ours beside a reference file. @throws {UsageError} a kind that is not known */
export function compareWith(path: string): { kind: string; comparison: Comparison } {
  return scope(() => {
    const golden = readGolden(path);
    const compare = KINDS[golden.kind];
    if (compare === undefined)
      throw new UsageError(
        `${path}: kind "${golden.kind}" is not known${hint(golden.kind, Object.keys(KINDS))}; expected one of ${Object.keys(KINDS).join(", ")}`,
      );
    return { kind: golden.kind, comparison: compare(golden) };
  }, "parity");
}
