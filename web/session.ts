/** @file One network in the page: what goes in, what every layer makes of it, what removing heads does. */

import { computed, effect, signal } from "@preact/signals";
import {
  type Graph,
  type GraphLayer,
  type IstaOptions,
  layersOf,
  type PageFacts,
  readOnnx,
  type Value,
  withIsta,
} from "../src/graph/index.ts";
import { view } from "./address.ts";
import { chooseEngine, type EngineName } from "./engine/choose.ts";
import { type Engine, Overtaken, type Values, type Without } from "./engine/engine.ts";
import type { Colours } from "./input/load.ts";
import { normalised, type Prepared, prepare } from "./input/prepare.ts";
import { type Pictures, picturesOf } from "./pictures.ts";
import { fetchesOf, layerSeen, type Seen, softmax } from "./seen.ts";
import type { RunHere } from "./source/source.ts";

/** A network whose passes take longer runs aside of the page, or waits until the hand rests. */
const FRAME_MS = 16;
const SLOW_MS = 60;
/** Passes until it is known: code is compiled by use. */
const PASSES = 8;

export class Session {
  readonly layers: readonly GraphLayer[];
  readonly heads: number;
  /** The picture that is looked at, before it is prepared. */
  readonly given = signal<{ picture: Colours; from: "drawn" | "file" | "sample" } | undefined>(undefined);
  readonly prepared = signal<Prepared | undefined>(undefined);
  /** What is on the pad besides strokes. */
  readonly shown = signal<Colours | undefined>(undefined);
  readonly seen = signal<Seen | undefined>(undefined);
  readonly problem = signal("");
  /** η and λ can be changed. */
  readonly canChange: boolean;
  readonly engine = signal<Engine | undefined>(undefined);
  private readonly isSlow = signal(false);
  private readonly ends: (() => void)[] = [];
  private queued = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private passing = 0;
  private frames = 0;
  private recent: number[] = [];
  private readonly input: string;

  private constructor(
    readonly run: RunHere,
    readonly checkpoint: string,
    readonly facts: PageFacts,
    readonly graph: Graph | undefined,
    readonly pictures: Pictures | undefined,
  ) {
    this.layers = graph === undefined ? (facts.shown?.layers ?? []) : layersOf(graph);
    const attention = graph?.outputs.find(({ name }) => name === this.layers[0]?.attention);
    this.heads = Number(attention?.dims[1] ?? facts.shown?.heads ?? 0);
    this.input = graph?.inputs[0]?.name ?? facts.shown?.input ?? "image";
    this.canChange =
      graph !== undefined &&
      facts.ista !== undefined &&
      withIsta(graph, facts.ista, facts.ista) !== undefined;
    const chosen = computed(() => view.value.sample);
    const removed = computed(() => view.value.off.join());
    const wanted = computed<EngineName>(() => view.value.engine);
    this.ends.push(
      effect(() => void this.showSample(chosen.value, pictures)),
      effect(() => void this.open(wanted.value, this.current.value, this.isSlow.value)),
      effect(() => {
        void [this.prepared.value, this.engine.value, removed.value];
        this.queue();
      }),
    );
  }

  /**
   * @param checkpoint its name, or `best`
   * @param follows it has no pictures of its own, but looks at what another session shows
   */
  static async open(run: RunHere, checkpoint: string, follows = false): Promise<Session> {
    const source = run.studio?.network(run.id, checkpoint) ?? run.network;
    const facts = await source.facts();
    const isLarge = run.detail?.isLarge === true && facts.shown !== undefined;
    const [bytes, pictures] = await Promise.all([
      isLarge ? undefined : source.model(),
      follows ? undefined : picturesOf(run, facts),
    ]);
    const graph = bytes && readOnnx(bytes, { name: "the model" });
    return new Session(run, checkpoint, facts, graph, pictures);
  }

  /** Another run is looked at. */
  close(): void {
    for (const end of this.ends) end();
    clearTimeout(this.timer);
    this.engine.peek()?.close();
  }

  /** η and λ as they are set. */
  readonly ista = computed<IstaOptions | undefined>(() => {
    const { eta, lambda } = view.value;
    const { ista } = this.facts;
    return ista && { eta: eta ?? ista.eta, lambda: lambda ?? ista.lambda };
  });

  /** The graph with η and λ as they are set; nothing where the network is too large for the page. */
  readonly current = computed<Graph | undefined>(() => {
    const wanted = this.ista.value;
    const { ista } = this.facts;
    if (this.graph === undefined || ista === undefined || wanted === undefined) return this.graph;
    if (ista.eta === wanted.eta && ista.lambda === wanted.lambda) return this.graph;
    return withIsta(this.graph, ista, wanted) ?? this.graph;
  });

  private opening = 0;
  private async open(name: EngineName, graph: Graph | undefined, isSlow: boolean): Promise<void> {
    const round = ++this.opening;
    const [rows, columns] = this.facts.grid;
    const gated = this.layers.map(({ attention }) => attention);
    const place = { run: this.run, checkpoint: this.checkpoint, gated, tokens: rows * columns + 1, isSlow };
    try {
      const engine = await chooseEngine(name, graph, place);
      if (round !== this.opening) return engine.close();
      const old = this.engine.peek();
      if (old?.name !== engine.name) this.recent = [];
      this.engine.value = engine;
      old?.close();
    } catch (error) {
      if (round === this.opening) this.problem.value = (error as Error).message;
    }
  }

  /** Pixels that were drawn or given. */
  show(picture: Colours, from: "drawn" | "file" | "sample"): void {
    this.problem.value = "";
    this.given.value = { picture, from };
    this.prepared.value = prepare(picture, this.facts.input, from);
  }

  /** Looks at what another network looks at, in the size that this one takes. @returns what ends that */
  follow(other: Session): () => void {
    return effect(() => {
      const { picture, from } = other.given.value ?? {};
      if (picture === undefined || from === undefined) return;
      const { width, height } = this.facts.input;
      const fits = picture.width === width && picture.height === height;
      this.show(picture, from === "sample" && !fits ? "file" : from);
    });
  }

  private async showSample(number: number, pictures: Pictures | undefined): Promise<void> {
    if (pictures === undefined) return;
    const [found] = number >= 1 ? await pictures.load(number, 1) : [];
    if (view.peek().sample !== number) return;
    if (found === undefined) {
      if (this.prepared.peek() === undefined) this.show(this.blank(), "drawn");
      return;
    }
    this.shown.value = found.picture;
    this.show(found.picture, "sample");
  }

  private blank(): Colours {
    const { width, height } = this.facts.input;
    return { width, height, data: new Uint8ClampedArray(width * height * 4) };
  }

  /** At most one pass a frame; of a slow network in the page itself one when the hand rests. */
  private queue(): void {
    if (this.queued && this.timer === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.queued = true;
    const start = () => requestAnimationFrame(() => void this.pass());
    const isQuick = this.recent.length < PASSES || Math.min(...this.recent) < SLOW_MS;
    if (isQuick || this.engine.peek()?.isAside) start();
    else this.timer = setTimeout(start, 250);
  }

  private async pass(): Promise<void> {
    this.queued = false;
    const [prepared, engine] = [this.prepared.peek(), this.engine.peek()];
    if (prepared === undefined || engine === undefined) return;
    const start = performance.now();
    this.passing++;
    try {
      const image = normalised(prepared.pixels, this.facts.input);
      const without = withoutOf(this.layers, view.peek().off);
      const run = performance.now();
      const running = engine.run(this.feeds(image), fetchesOf(this.layers), without);
      const { values, before } = running instanceof Promise ? await running : running;
      this.recent = [...this.recent.slice(1 - PASSES), performance.now() - run];
      const ms = Math.min(...this.recent);
      const probabilities = softmax(values.logits!);
      const isWhole = Object.keys(without).length === 0;
      const whole = isWhole ? probabilities : await this.probabilities(image, {});
      const layers = this.layers.map((layer) => layerSeen(layer, values, before, this.facts.epsilon));
      this.seen.value = { probabilities, whole, layers, ms };
      if (!engine.isAside && this.recent.length === PASSES && ms > FRAME_MS) this.isSlow.value = true;
      // the first pass is slow, as code is compiled by use; the second says what a pass takes
      if (this.recent.length === 1 && ms < 1000) this.queue();
      // what was drawn can be looked up as a frame; a page that stays open keeps no endless list
      if (this.frames++ < 2000)
        queueMicrotask(() => performance.measure("frame", { start, end: performance.now() }));
    } catch (error) {
      if (!(error instanceof Overtaken)) this.problem.value = (error as Error).message;
    } finally {
      this.passing--;
    }
  }

  private feeds(image: Value): Values {
    return { [this.input]: image };
  }

  private async probabilities(image: Value, without: Without): Promise<number[]> {
    const { values } = await this.engine.peek()!.run(this.feeds(image), ["logits"], without);
    return softmax(values.logits!);
  }

  /** Probabilities of the present picture without one head. @throws {Overtaken} a newer picture came */
  async without(l: number, k: number): Promise<number[]> {
    if (this.passing > 0) throw new Overtaken();
    const image = normalised(this.prepared.peek()!.pixels, this.facts.input);
    return this.probabilities(image, withoutOf(this.layers, [`${l + 1}.${k + 1}`]));
  }
}

/** Removed heads, `2.5` for head 5 of layer 2, by the attention that they are part of. */
function withoutOf(layers: readonly GraphLayer[], off: readonly string[]): Without {
  const byLayer: Record<string, number[]> = {};
  for (const each of off) {
    const [l, k] = each.split(".").map(Number) as [number, number];
    const name = layers[l - 1]?.attention;
    if (name !== undefined) byLayer[name] = [...(byLayer[name] ?? []), k - 1];
  }
  return byLayer;
}
