/** @file Inside a probe: the frozen network that it reads, beside the untrained weights of the same seed. */

import { normalisation } from "../../data/index.ts";
import { inspectImages } from "../../measure/inspect-images.ts";
import { describeModel } from "../../measure/make-report.ts";
import { writeFindings } from "../findings.ts";
import { openRunOf } from "../load-run.ts";
import type { InspectRun } from "../run-types.ts";
import { withImages } from "../with-images.ts";
import { networkOf } from "./learner.ts";
import { buildNetwork } from "./run.ts";

/** Measures the layers of the network; the probe leaves it as it was. */
export const inspectProbe: InspectRun = async (folder, options) => {
  const run = openRunOf(folder, options.checkpoint, ["probe"], "inspecting a probed network");
  const { recipe, checkpoint } = run;
  const { name, imageSize, patch } = recipe.model;
  return await withImages(run, options, imageSize, async ({ source, places, data }) => {
    using untrained = buildNetwork(recipe, source);
    using model = buildNetwork(recipe, source).load(networkOf(checkpoint.model));
    const { notes, ...found } = await inspectImages({
      ...{ before: { model: untrained }, after: { model }, source, places, imageSize, patch },
      normalise: normalisation(source, recipe.data.normalise),
    });
    const frozen = `the network is as it was before the probe: ${recipe.method.init ?? "untrained"}`;
    const about = { model: describeModel(name, model), samples: source.count, data };
    return writeFindings(folder, run, { ...about, ...found, notes: [frozen, ...notes] }, options);
  });
};
