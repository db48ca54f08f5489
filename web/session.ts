/** @file One network in the page: what goes in, what every layer makes of it, what removing heads does. */

import { computed, effect, signal } from "@preact/signals";
import {
  authorsRate,
  type Change,
  type Graph,
  type GraphLayer,
  type IstaOptions,
  layersOf,
  nonZero,
  type PageFacts,
  readOnnx,
  type Value,
  withIsta,
} from "../src/graph/index.ts";
import { view } from "./address.ts";
import { type Engine, interpreter, type Patch, type Values, withoutHeads } from "./engine.ts";
import { type Colours, cut, loadPicture } from "./input/load.ts";
import { normalised, type Prepared, prepare } from "./input/prepare.ts";
import type { Source } from "./source/source.ts";

/** What one layer made of the picture. */
export interface LayerSeen {
  input: Value;
  half: Value;
  output: Value;
  /** As the heads compute it, those too that are removed then. */
  attention: Value;
  /** Rᶜ by the authors' estimator, nats; of layers that have subspaces. */
  rate: number | undefined;
  nonZero: number;
}

export interface Seen {
  /** Of classes, with the heads removed that are. */
  probabilities: readonly number[];
  /** With all heads. */
  whole: readonly number[];
  layers: readonly LayerSeen[];
  /** The shortest of the last forward passes, in milliseconds. */
  ms: number;
}

/** A network whose passes take longer waits until the hand rests. It takes some passes to know: code is compiled by use. */
const SLOW_MS = 60;
const PASSES = 8;

export class Session {
  readonly layers: readonly GraphLayer[];
  readonly heads: number;
  readonly prepared = signal<Prepared | undefined>(undefined);
  /** What is on the pad besides strokes. */
  readonly shown = signal<Colours | undefined>(undefined);
  readonly seen = signal<Seen | undefined>(undefined);
  readonly problem = signal("");
  /** η and λ can be changed. */
  readonly canChange: boolean;
  readonly engine = computed<Engine>(() => interpreter(this.changed(this.ista.value)));
  private queued = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private frames = 0;
  private recent: number[] = [];

  constructor(
    readonly facts: PageFacts,
    private readonly graph: Graph,
    readonly samples: readonly Colours[],
  ) {
    this.layers = layersOf(graph);
    const attention = graph.outputs.find(({ name }) => name === this.layers[0]?.attention);
    this.heads = Number(attention?.dims[1] ?? 0);
    this.canChange = facts.ista !== undefined && withIsta(graph, facts.ista, facts.ista) !== undefined;
    const chosen = computed(() => view.value.sample);
    effect(() => this.showSample(chosen.value));
    const removed = computed(() => view.value.off.join());
    effect(() => {
      void [this.prepared.value, this.engine.value, removed.value];
      this.queue();
    });
  }

  static async open(source: Source): Promise<Session> {
    const model = source.model();
    const facts = await source.facts();
    const [bytes, samples] = await Promise.all([
      model,
      facts.samples.length > 0 ? source.samples() : undefined,
    ]);
    const graph = readOnnx(bytes, { name: "the model" });
    const sheet = samples && (await loadPicture(samples, "samples.png", 1e6));
    return new Session(facts, graph, sheet === undefined ? [] : cut(sheet, facts.samples.length));
  }

  /** η and λ as they are set. */
  readonly ista = computed<IstaOptions | undefined>(() => {
    const { eta, lambda } = view.value;
    const { ista } = this.facts;
    return ista && { eta: eta ?? ista.eta, lambda: lambda ?? ista.lambda };
  });

  private changed(wanted: IstaOptions | undefined): Graph {
    const { ista } = this.facts;
    if (ista === undefined || wanted === undefined) return this.graph;
    if (ista.eta === wanted.eta && ista.lambda === wanted.lambda) return this.graph;
    return withIsta(this.graph, ista, wanted) ?? this.graph;
  }

  /** Pixels that were drawn or given. */
  show(picture: Colours, from: "drawn" | "file" | "sample"): void {
    this.problem.value = "";
    this.prepared.value = prepare(picture, this.facts.input, from);
  }

  private showSample(number: number): void {
    const picture = this.samples[number - 1];
    if (picture === undefined) {
      if (this.prepared.peek() === undefined) this.show(this.blank(), "drawn");
      return;
    }
    this.shown.value = picture;
    this.show(picture, "sample");
  }

  private blank(): Colours {
    const { width, height } = this.facts.input;
    return { width, height, data: new Uint8ClampedArray(width * height * 4) };
  }

  /** At most one pass a frame; of a slow network one when the hand rests. */
  private queue(): void {
    if (this.queued && this.timer === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.queued = true;
    const start = () => requestAnimationFrame(() => void this.pass());
    if (this.recent.length < PASSES || Math.min(...this.recent) < SLOW_MS) start();
    else this.timer = setTimeout(start, 250);
  }

  private async pass(): Promise<void> {
    this.queued = false;
    const prepared = this.prepared.peek();
    if (prepared === undefined) return;
    const start = performance.now();
    try {
      const image = normalised(prepared.pixels, this.facts.input);
      const { patch, weights } = patchOf(this.layers, view.peek().off);
      const run = performance.now();
      const values = await this.engine.peek().run(this.feeds(image), this.fetches(), patch);
      this.recent = [...this.recent.slice(1 - PASSES), performance.now() - run];
      const ms = Math.min(...this.recent);
      const probabilities = softmax(values.logits!);
      const isWhole = weights.size === 0;
      const whole = isWhole ? probabilities : await this.probabilities(image, {});
      const layers = this.layers.map((layer) => this.layer(layer, values, weights));
      this.seen.value = { probabilities, whole, layers, ms };
      // the first pass is slow, as code is compiled by use; the second says what a pass takes
      if (this.recent.length === 1 && ms < 1000) this.queue();
      // what was drawn can be looked up as a frame; a page that stays open keeps no endless list
      if (this.frames++ < 2000)
        queueMicrotask(() => performance.measure("frame", { start, end: performance.now() }));
    } catch (error) {
      this.problem.value = (error as Error).message;
    }
  }

  private feeds(image: Value): Values {
    return { [this.graph.inputs[0]!.name]: image };
  }

  private fetches(): string[] {
    const names = this.layers.flatMap(({ input, half, output, attention, projection }) => [
      ...[input, half, output, attention],
      ...(projection === undefined ? [] : [projection]),
    ]);
    return ["logits", ...new Set(names)];
  }

  private layer(
    { input, half, output, attention, projection }: GraphLayer,
    values: Values,
    weights: ReadonlyMap<string, Value>,
  ): LayerSeen {
    const W = projection === undefined ? undefined : values[projection];
    return {
      ...{ input: values[input]!, half: values[half]!, output: values[output]! },
      attention: weights.get(attention) ?? values[attention]!,
      rate: W && authorsRate(W, this.facts.epsilon)[0]!,
      nonZero: nonZero(values[output]!)[0]!,
    };
  }

  private async probabilities(image: Value, patch: Patch): Promise<number[]> {
    return softmax((await this.engine.peek().run(this.feeds(image), ["logits"], patch)).logits!);
  }

  /** Probabilities of the present picture without one head. */
  without(l: number, k: number): Promise<number[]> {
    const image = normalised(this.prepared.peek()!.pixels, this.facts.input);
    return this.probabilities(image, patchOf(this.layers, [`${l + 1}.${k + 1}`]).patch);
  }
}

/** Removed heads as changes of attention, by layer; `weights` is given what the heads computed before that. */
function patchOf(layers: readonly GraphLayer[], off: readonly string[]) {
  const byLayer = new Map<string, number[]>();
  for (const each of off) {
    const [l, k] = each.split(".").map(Number) as [number, number];
    const name = layers[l - 1]?.attention;
    if (name !== undefined) byLayer.set(name, [...(byLayer.get(name) ?? []), k - 1]);
  }
  const weights = new Map<string, Value>();
  const changes = [...byLayer].map(([name, heads]): [string, Change] => {
    const remove = withoutHeads(heads);
    const change: Change = (value) => {
      weights.set(name, value);
      return remove(value);
    };
    return [name, change];
  });
  return { patch: Object.fromEntries(changes), weights };
}

function softmax({ data }: Value): number[] {
  const logits = Array.from(data);
  const largest = Math.max(...logits);
  const powers = logits.map((x) => Math.exp(x - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((x) => x / sum);
}
