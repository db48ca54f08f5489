/** @file Probes by recipe: features of a frozen network, a linear head on them, least squares, nearest neighbours. */

import { inPercent, percent } from "../../base/percent.ts";
import { type ImageSource, normalisation } from "../../data/index.ts";
import { accuracy, type Classifier, knn, leastSquares } from "../../evaluate/classify/index.ts";
import { type Features, featuresOf, type ImageOptions } from "../../evaluate/features.ts";
import { FeatureModule } from "../../evaluate/probe-scores.ts";
import { createModel, type ImageClassifier } from "../../model/index.ts";
import { record } from "../../nn/index.ts";
import { random, scope } from "../../tensor/index.ts";
import { wholeOf } from "../../train/epochs.ts";
import { inPrecision, type Precision } from "../../train/precision.ts";
import { beginFrom, INIT_FILE } from "../../train/weights/begin.ts";
import { type Splits, withSplits } from "../build.ts";
import { trainLearner } from "../learner-run.ts";
import type { Method, Scores, Trained, TrainPlace } from "../method.ts";
import { requireBatch, requireClasses } from "../requirements.ts";
import { headOf, networkOf, ProbeLearner } from "./learner.ts";
import type { ProbeRecipe as Recipe } from "./recipe.ts";

/** The recipe's network, freshly initialised; the caller frees it. */
export function buildNetwork({ model, seed }: Recipe, { channels, classes }: ImageSource): ImageClassifier {
  const { name, ...sizes } = model;
  const options = { channels, ...sizes, classes: classes.length };
  return createModel(name, options, random(seed).at("model"), "classifier");
}

/** What the head of a network reads, [b, d]. */
const frozen = (network: ImageClassifier, precision: Precision): FeatureModule =>
  new FeatureModule((X) => {
    const { found } = record(network, ["pooled"], () =>
      inPrecision(precision, X.device, () => network.apply(X)),
    );
    return scope(() => {
      const pooled = found.get("pooled")!;
      const kept = pooled.to("float32").clone();
      pooled.dispose();
      return kept;
    });
  });

/** Features of both splits for `body`, which are freed after it. */
async function withFeatures<T>(
  recipe: Recipe,
  network: ImageClassifier,
  { train, test }: Splits,
  { device, across, gather = true }: Pick<ImageOptions, "device" | "across" | "gather">,
  body: (train: Features, test: Features) => Promise<T> | T,
): Promise<T> {
  const normalise = normalisation(train, recipe.data.normalise);
  const own = { across, gather, ...(device !== undefined && { device }) };
  const images = { normalise, ...own, imageSize: recipe.model.imageSize };
  const { precision } = recipe.train;
  using fitted = await featuresOf(frozen(network, precision), train, images);
  using held = await featuresOf(frozen(network, precision), test, images);
  return await body(fitted, held);
}

function train(recipe: Recipe, place: TrainPlace) {
  return withSplits(recipe, async (splits) => {
    requireClasses(splits.train);
    requireBatch(splits.train, recipe.train.batchSize);
    using network = buildNetwork(recipe, splits.train);
    const { init, initKey } = recipe.method;
    const files =
      init === undefined
        ? {}
        : { [INIT_FILE]: await beginFrom({ init, initKey }, network, recipe.model, place) };
    network.to(place.device);
    return await withFeatures(recipe, network, splits, place, async (train, test) => {
      const { epochs, batchSize, lr, warmupEpochs } = recipe.train;
      const classes = splits.train.classes.length;
      const how = { epochs, batchSize, lr, warmupEpochs, classes, random: random(recipe.seed).at("probe") };
      using learner = new ProbeLearner(network, { train, test, ...how });
      return await trainLearner(learner, recipe, splits.train, place, { files, measured: splits.measured });
    });
  });
}

function evaluate(recipe: Recipe, { checkpoint, split, device, across }: Trained): Promise<Scores> {
  return withSplits(
    recipe,
    async (splits) => {
      using network = buildNetwork(recipe, splits.train);
      network.load(networkOf(checkpoint.model)).to(device);
      const classes = splits.train.classes.length;
      const { neighbours: k } = recipe.method;
      const place = { device, across, gather: false };
      return await withFeatures(recipe, network, splits, place, ({ Z, labels }, test) => {
        const share = (classifier: Classifier): number => {
          using owned = classifier;
          using predicted = owned.predict(test.Z);
          return accuracy(predicted, test.labels, across);
        };
        const near = Math.min(k, wholeOf(Z.size(0), across));
        const scores = {
          lars: share(headOf(checkpoint.model, Z, classes, random(recipe.seed))),
          leastSquares: share(leastSquares(Z, labels, { classes, across })),
          knn: share(knn(Z, labels, { k: near, classes, across })),
        };
        const text = `linear probes: LARS ${percent(scores.lars)}, least squares ${percent(scores.leastSquares)}; ${near} nearest neighbours ${percent(scores.knn)}`;
        return { numbers: { ...inPercent(scores), dimension: Z.size(1), count: splits.test.count }, text };
      });
    },
    split,
  );
}

export const probeMethod: Method<Recipe> = { across: true, train, evaluate };
