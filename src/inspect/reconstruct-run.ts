/** @file `vitrine reconstruct`: the picture that a run's method has of its reconstructions. */

import { readRecipe } from "../method/load-run.ts";
import { drawReconstruction, type MaskedPictureOptions } from "../method/mae/pictures.ts";
import { UsageError } from "../tensor/index.ts";
import { drawTranscription } from "./closed-loop-views.ts";

/**
 * Draws a run's reconstructions.
 * @returns the path of the picture
 * @throws {UsageError} a run of a method that reconstructs nothing; masks for one that masks nothing
 */
export async function reconstructRun(folder: string, options: MaskedPictureOptions): Promise<string> {
  const { name } = readRecipe(folder).method;
  if (name === "mae") return await drawReconstruction(folder, options);
  if (name !== "ctrl" && name !== "ictrl")
    throw new UsageError(
      `${folder}: expected a run of ctrl, ictrl or mae; one of ${name} reconstructs nothing`,
      {
        path: folder,
      },
    );
  const asked = (["maskRatio", "mask", "seed"] as const).find((key) => options[key] !== undefined);
  if (asked !== undefined)
    throw new UsageError(`${folder}: a run of ${name} masks nothing; leave out ${FLAGS[asked]}`, {
      path: FLAGS[asked],
    });
  return await drawTranscription(folder, options);
}

const FLAGS = { maskRatio: "--mask-ratio", mask: "--mask", seed: "--seed" } as const;
