/** @file A clustering: points by cluster, their memberships Π, the coding length by number of clusters. */

import { z } from "zod";
import { spectralClustering } from "../../evaluate/cluster/index.ts";
import { rowsOf } from "../../evaluate/index.ts";
import { clusteringAccuracy, nmi } from "../../evaluate/metrics/index.ts";
import { chooseClusters, headFeatures } from "../../method/cpp/index.ts";
import { restoreHead } from "../../method/cpp/run.ts";
import { openFeatures } from "../../method/cpp/source.ts";
import { openRunOf } from "../../method/load-run.ts";
import { membership } from "../../rate/index.ts";
import { noGrad, random, scope, tensor } from "../../tensor/index.ts";
import { freeCheckpoint } from "../../train/checkpoint.ts";
import type { MembershipsAnswer, MembershipsAsked } from "../shapes.ts";
import { checked, checkpoint } from "./asked.ts";
import { toNumbers } from "./pixels.ts";

const schema = z.object({
  checkpoint,
  points: z.int().min(4).max(1000),
  clusters: z.int().min(1).max(100).optional(),
}) satisfies z.ZodType<MembershipsAsked>;

/** @throws {UsageError} a run of another method, more clusters than points; {DataError} features that are not there */
export async function memberships(folder: string, asked: unknown): Promise<MembershipsAnswer> {
  const { checkpoint: which, points, clusters: wanted } = checked(schema, asked);
  const { recipe, checkpoint } = openRunOf(folder, which, ["cpp"], "memberships");
  try {
    using source = await openFeatures(recipe, "test");
    using head = restoreHead(recipe, checkpoint);
    const { temperature, epsilon, counts } = recipe.method;
    const clusters = wanted ?? recipe.method.clusters;
    return noGrad(() =>
      scope(() => {
        const n = source.X.size(0);
        const count = Math.min(points, n);
        const chosen = Int32Array.from({ length: count }, (_, i) => Math.floor((i * n) / count));
        const { Z, C } = headFeatures(head, rowsOf(source.X, chosen));
        const Pi = membership(C, { temperature }); //                            [n, n]
        const how = { cluster: spectralClustering, random: random(recipe.seed).at("inspect"), epsilon };
        const assigned = chooseClusters(Z, Pi, { ...how, counts: [clusters] }).assigned.numbers();
        const tried = [...new Set([...counts, clusters])]
          .filter((each) => each < count)
          .sort((a, b) => a - b);
        const { lengths } = chooseClusters(Z, Pi, { ...how, counts: tried });
        const labels = source.labels && rowsOf(source.labels, chosen).numbers();
        const order = [...assigned.keys()].sort((a, b) => assigned[a]! - assigned[b]! || a - b);
        const at = tensor(BigInt64Array.from(order, BigInt));
        return {
          points: order.map((i) => ({
            ...{ index: chosen[i]!, cluster: assigned[i]! },
            ...(labels && { label: labels[i]! }),
          })),
          classes: [...(source.classes ?? [])],
          memberships: toNumbers(Pi.indexSelect(0, at).indexSelect(1, at)),
          clusters,
          codingLength: lengths.map(({ clusters, length }) => ({ clusters, nats: length })),
          ...(labels && { accuracy: clusteringAccuracy(labels, assigned), nmi: nmi(labels, assigned) }),
        };
      }, "memberships"),
    );
  } finally {
    freeCheckpoint(checkpoint);
  }
}
