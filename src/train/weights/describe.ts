/** @file What tensors are of, in words: an image network, a language model, a closed loop's net, another library's network. */

import type { Shapes } from "../../model/index.ts";
import { type Settings, translatedShapes, translationOf } from "./layouts/index.ts";
import { describeArchitecture, recognise } from "./recognise.ts";
import { recogniseClosedLoop, recogniseLanguage } from "./recognise-names.ts";

/** `crate_gpt of width 768 and depth 12, …`, or that it is nothing that is known. @param config of config.json beside them */
export function describeTensors(tensors: Shapes, config: Settings): string {
  const found = translationOf(tensors, config);
  if (found !== undefined && "refused" in found) return `not computed here: ${found.refused}`;
  const own = found === undefined ? tensors : translatedShapes(found, tensors);
  const names = found === undefined ? "" : `, with the names of ${found.layout.name}`;
  return `${describeOwn(own, found?.settings)}${names}`;
}

function describeOwn(tensors: Shapes, settings: Settings | undefined): string {
  const image = recognise(tensors, settings);
  if (image !== undefined) return describeArchitecture(image);
  const language = recogniseLanguage(tensors);
  if (language === undefined) return recogniseClosedLoop(tensors) ?? describeArchitecture(undefined);
  const { family, dim, depth, context, vocabulary } = language;
  return `${family} of width ${dim} and depth ${depth}, ${vocabulary} tokens, contexts of ${context}`;
}
