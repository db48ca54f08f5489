/** @file A run's network for the page: an ONNX file with every probe, what the page has to know of it, some pictures. */

import { z } from "zod";
import { graphOf, metadataOf } from "../../export/index.ts";
import { factsOf } from "../../export/page/facts.ts";
import { samplesOf } from "../../export/page/samples.ts";
import { writeOnnx } from "../../graph/index.ts";
import { UsageError } from "../../tensor/index.ts";
import { checked, checkpoint } from "./asked.ts";
import { heldSource } from "./held.ts";

export interface NetworkAnswer {
  onnx: Uint8Array;
  /** `PageFacts` as JSON; not there where the page cannot show it as a classifier. */
  facts: string | undefined;
  /** Why not. */
  why: string | undefined;
  /** PNG of pictures side by side; no bytes where there are none. */
  sheet: Uint8Array;
}

/** Pictures in the sheet. */
const PICTURES = 24;

export async function network(folder: string, asked: unknown): Promise<NetworkAnswer> {
  const { checkpoint: which } = checked(z.object({ checkpoint }), asked);
  const source = await heldSource(folder, which);
  const { graph } = graphOf(source.network, metadataOf(source));
  const samples = await samplesOf(source, PICTURES);
  const told = (): Pick<NetworkAnswer, "facts" | "why"> => {
    try {
      return { facts: JSON.stringify(factsOf(source, graph, samples.about)), why: undefined };
    } catch (error) {
      if (error instanceof UsageError) return { facts: undefined, why: error.message };
      throw error;
    }
  };
  return { onnx: writeOnnx(graph), ...told(), sheet: samples.png };
}
