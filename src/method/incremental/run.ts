/** @file Classes in groups, learned by other means than i-CTRL: the table that it is compared in. */

import { join } from "node:path";
import { type ImageSet, imageSource, openDataset } from "../../data/index.ts";
import { random, scope, type Tensor, tensor } from "../../tensor/index.ts";
import { saveCheckpoint } from "../../train/checkpoint.ts";
import { Journal } from "../../train/journal.ts";
import { createProgress } from "../../train/progress.ts";
import { AGem } from "../ictrl/comparators/a-gem.ts";
import { fineTuning } from "../ictrl/comparators/fine-tuning.ts";
import { Icarl } from "../ictrl/comparators/icarl.ts";
import { Lwf } from "../ictrl/comparators/lwf.ts";
import { compareIncremental, comparisonSteps, type Strategy } from "../ictrl/comparators/strategy.ts";
import {
  addAccuracies,
  lastAndAverage,
  ofClasses,
  type Progression,
  progressionTable,
  splitClasses,
} from "../ictrl/tasks.ts";
import type { Method, Scores, Trained, TrainPlace } from "../method.ts";
import type { RecipeOf } from "../recipe.ts";
import { ClassGrams } from "../redunet/grams.ts";
import { stateDict } from "../redunet/state.ts";
import { beginRun } from "../resume.ts";
import type { RunResult } from "../run-types.ts";

type Recipe = RecipeOf<"incremental">;

/** What a checkpoint says besides the weights. */
interface State {
  progression: Progression;
  bytes: number;
}

/** The encoder's images. */
const SIDE = 32;

function strategyOf({ method }: Recipe, classes: number): Strategy {
  const perClass = Math.floor(method.memory / classes);
  if (method.strategy === "lwf") return new Lwf();
  if (method.strategy === "icarl") return new Icarl(method.memory);
  return method.strategy === "a-gem" ? new AGem({ perClass }) : fineTuning();
}

async function splitsOf({ data }: Recipe) {
  const options = data.dir === undefined ? {} : { dir: data.dir };
  const open = (split: "train" | "test") => openDataset(data.name, { split, imageSize: SIDE, ...options });
  return { train: await open("train"), test: await open("test") };
}

/** From the start on: comparisons are short, and are not taken up half-way. */
async function train(recipe: Recipe, place: TrainPlace): Promise<RunResult> {
  const splits = await splitsOf(recipe);
  const { config } = beginRun(recipe, imageSource(splits.train), place);
  const journal = new Journal(place.output, { step: 0, tensorboard: place.tensorboard });
  const started = performance.now();
  const { strategy } = recipe.method;
  const all = strategy === "redunet" ? recipe.method.tasks : comparisonSteps(settings(recipe, splits, place));
  const steps = Math.min(all, place.maxSteps ?? Number.POSITIVE_INFINITY);
  const progress = createProgress({ mode: place.progress, total: steps, label: "train" });
  let state: State = { progression: { matrix: [], seen: [] }, bytes: 0 };
  const note = (step: number, model: ReadonlyMap<string, Tensor>, found: State) => {
    state = found;
    const { last, average } = lastAndAverage(found.progression);
    journal.write(step, {
      "eval/seen": 100 * last,
      "eval/average": 100 * average,
      "memory/bytes": found.bytes,
    });
    progress.message(
      `group ${found.progression.seen.length}  accuracy on the classes seen ${(100 * last).toFixed(2)} %`,
    );
    const checkpoint = { config, model, optimizer: new Map<string, Tensor>(), state: found };
    saveCheckpoint(join(place.output, "checkpoints"), step, checkpoint, {
      keep: recipe.train.keep,
      best: true,
    });
  };
  try {
    if (strategy === "redunet") byGrams(recipe, splits, steps, note, progress.update);
    else {
      const means = strategyOf(recipe, splits.train.classes.length);
      await compareIncremental(means, {
        ...settings(recipe, splits, place),
        onStep: (step, loss) => progress.update(step, { loss }),
        onTask: ({ steps, model, progression }) =>
          note(steps, model.stateDict(), { progression, bytes: means.bytes }),
      });
    }
    const seconds = (performance.now() - started) / 1000;
    return { folder: place.output, steps, seconds, ...scoresOf(state) };
  } finally {
    progress.done();
    journal.close();
  }
}

const settings = (
  { model, method, train, seed }: Recipe,
  splits: { train: ImageSet; test: ImageSet },
  place: TrainPlace,
) => ({
  ...splits,
  ...{
    random: random(seed),
    tasks: method.tasks,
    epochs: train.epochs,
    batchSize: train.batchSize,
    lr: train.lr,
  },
  ...{
    imageSize: SIDE,
    features: model.features,
    width: model.width,
    device: place.device,
    maxSteps: place.maxSteps,
  },
});

/** ReduNet of pixels: after each group the network of all classes seen, from the Gram matrices of its classes. */
function byGrams(
  { model, method }: Recipe,
  { train, test }: { train: ImageSet; test: ImageSet },
  groups: number,
  note: (step: number, model: ReadonlyMap<string, Tensor>, found: State) => void,
  update: (step: number) => void,
): void {
  using grams = new ClassGrams();
  const progression: Progression = { matrix: [], seen: [] };
  const tasks = splitClasses(train.classes.length, method.tasks);
  for (const [t, fresh] of tasks.slice(0, groups).entries())
    scope(() => {
      const { X, labels } = pixels(ofClasses(train, fresh));
      grams.add(X, labels);
      using net = grams.build({ ...model, precision: method.precision });
      const known = tasks.slice(0, t + 1);
      const held = ofClasses(test, known.flat());
      addAccuracies(progression, known, net.predict(pixels(held).X).numbers(), held.labels);
      note(t + 1, stateDict(net), { progression, bytes: grams.bytes });
      update(t + 1);
    }, "task");
}

function pixels({ images, labels, count }: ImageSet): { X: Tensor; labels: Tensor } {
  const X = tensor(images, { shape: [count, images.length / count] })
    .to("float32")
    .div(255);
  return { X, labels: tensor(BigInt64Array.from(labels, BigInt)) };
}

function scoresOf({ progression, bytes }: State): Scores {
  const { last, average } = lastAndAverage(progression);
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  const head = `Last ${percent(last)}, Avg ${percent(average)}, memory ${bytes.toLocaleString("en")} bytes`;
  return {
    numbers: { last, average, memoryBytes: bytes },
    text: `${head}\n\n${progressionTable(progression)}`,
  };
}

/** What was noted while training: later groups cannot be tested without having learned them. */
async function evaluate(_: Recipe, { checkpoint }: Trained): Promise<Scores> {
  return scoresOf(checkpoint.state as State);
}

export const incrementalMethod: Method<Recipe> = { train, evaluate };
