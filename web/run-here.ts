/** @file A run of the studio as its pages take it. */

import type { RunDetail } from "../src/studio/shapes.ts";
import type { RunHere, Studio } from "./source/source.ts";

export function runHere(studio: Studio, detail: RunDetail): RunHere {
  const { id, name, model, data, step } = detail;
  const about = [model, data, `step ${step.toLocaleString("en")}`].filter(Boolean).join(" · ");
  return { id, name, about, detail, studio, network: studio.network(id) };
}
