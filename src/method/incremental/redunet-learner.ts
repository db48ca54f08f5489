/** @file Classes in groups by a ReduNet of pixels: a step builds a layer, and each group has its network of all classes so far. */

import type { ImageSet } from "../../data/index.ts";
import { CheckpointError, scope, type Tensor, tensor } from "../../tensor/index.ts";
import type { Learner, Milestone, Numbers } from "../../train/learner.ts";
import type { Restored, Saved } from "../../train/stateful.ts";
import { addAccuracies, ofClasses, type Progression, splitClasses } from "../ictrl/tasks.ts";
import { ClassGrams, type GramConstruction, type GramOptions } from "../redunet/grams.ts";
import { fromState, layersIn, stateDict } from "../redunet/state.ts";
import { type GroupState, milestoneOf } from "./groups.ts";

export interface IncrementalReduNetOptions extends GramOptions {
  train: ImageSet;
  test: ImageSet;
  tasks: number;
}

/** What is saved besides tensors. */
type State = GroupState & { counts: readonly number[] };

/** What the Gram matrices after the layers so far are saved as. */
const MOVED = "moved";

/** Images that are classified at once. */
const AT_ONCE = 500;

/** From the Gram matrices of the classes: no image of an old class is looked at again. A batch is the number of its step. */
export class IncrementalReduNetLearner implements Learner<number> {
  readonly steps: number;
  readonly milestones: readonly number[];
  readonly parts = {
    groups: { saved: () => this.saved(), restore: (saved: Restored) => this.restore(saved) },
  };
  readonly unit = "layers";
  readonly progression: Progression = { matrix: [], seen: [] };
  private readonly tasks: readonly (readonly number[])[];
  private readonly grams = new ClassGrams();
  private construction: GramConstruction | undefined;

  /** @throws {UsageError} tasks that do not divide the classes */
  constructor(private readonly options: IncrementalReduNetOptions) {
    this.tasks = splitClasses(options.train.classes.length, options.tasks);
    this.milestones = this.tasks.map((_, task) => (task + 1) * options.layers);
    this.steps = this.milestones.at(-1)!;
  }

  async *batches(from: number): AsyncGenerator<number> {
    for (let step = from; ; step++) yield step;
  }

  size(): number {
    return 1;
  }

  step(_: number, at: number): Numbers {
    const { layers, train } = this.options;
    const [task, layer] = [Math.floor(at / layers), at % layers];
    if (layer === 0) {
      const fresh = ofClasses(train, this.tasks[task]!);
      this.grams.add(pixels(fresh), tensor(BigInt64Array.from(fresh.labels, BigInt)));
      this.construction?.dispose();
      this.construction = this.grams.begin(this.options);
    }
    this.construction!.grow();
    return { task, layer };
  }

  /** The end of a group: accuracies of its network. */
  async evaluate(done: number): Promise<Milestone> {
    const known = this.tasks.slice(0, done / this.options.layers);
    const held = ofClasses(this.options.test, known.flat());
    const { net } = this.construction!; // its tensors are the construction's
    using X = pixels(held);
    const predicted: number[] = [];
    for (let start = 0; start < held.count; start += AT_ONCE) {
      await new Promise(setImmediate); // signals are heard here
      const rows = Math.min(AT_ONCE, held.count - start);
      for (const label of scope(() => net.predict(X.narrow(0, start, rows)).numbers(), "test"))
        predicted.push(label);
    }
    addAccuracies(this.progression, known, predicted, held.labels);
    return milestoneOf(this.state);
  }

  /** What is known so far. */
  get state(): GroupState {
    return { progression: this.progression, bytes: this.grams.bytes };
  }

  private saved(): Saved {
    const { net, S } = this.construction!;
    const state: State = { ...this.state, counts: this.grams.counts };
    return { model: stateDict(net), optimizer: new Map([...this.grams.stateDict(), [MOVED, S]]), state };
  }

  private restore({ model, optimizer, state }: Restored): void {
    const { counts, progression } = state as State;
    const moved = optimizer.get(MOVED);
    if (moved === undefined) throw new CheckpointError(`the checkpoint has no "${MOVED}"`);
    this.grams.load(optimizer, counts);
    this.construction = this.grams.begin(this.options);
    const sizes = { classes: counts.length, layers: layersIn(model) };
    this.construction.take(fromState(model, { ...this.options, ...sizes }), moved);
    Object.assign(this.progression, progression);
  }

  /** Frees the network and the matrices. */
  dispose(): void {
    this.construction?.dispose();
    this.grams.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** [n, c · h · w], 0 to 1 */
const pixels = ({ images, count }: ImageSet): Tensor =>
  scope(
    () =>
      tensor(images, { shape: [count, images.length / count] })
        .to("float32")
        .div(255),
    "pixels",
  );
