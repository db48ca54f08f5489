/** @file Which numbers of a run are drawn in one chart, and what they are. */

import type { Curves } from "./curves.ts";
import type { Line } from "./plot.tsx";

export interface Panel {
  readonly title: string;
  /** In one sentence. */
  readonly about: string;
  /** Of the axis. */
  readonly unit: string;
  readonly names: readonly string[];
  /** What numbers are divided by to be in that unit. */
  readonly scale: number;
}

interface Kind extends Omit<Panel, "names" | "scale"> {
  /** Of whole names, or of what follows the last slash. */
  readonly has: RegExp;
  readonly scale?: number;
}

const KINDS: readonly Kind[] = [
  {
    title: "Loss",
    about: "What training lowers: on the batches of training, and on the evaluation split.",
    unit: "loss",
    has: /^(train|eval)\/(loss|masked)$/,
  },
  {
    title: "Objectives",
    about: "What the two networks of the game raise or lower, each its own.",
    unit: "nats",
    has: /\/(encoderObjective|decoderObjective|discriminator|generator)$/,
  },
  {
    title: "Accuracy",
    about: "The share that is answered right, by the network or by a classifier on its features.",
    unit: "%",
    has: /\/(top1|top5|accuracy|knn|svd|pca|svm|seen|average|trainAccuracy|testAccuracy|nmi|ari)$/,
  },
  {
    title: "Coding rates",
    about: "R of all features, R^c within classes or groups, and their difference ΔR.",
    unit: "nats",
    has: /\/(R|Rc|deltaR|expansion|compression|Rc[A-Z]\w*)$/,
  },
  {
    title: "Speed",
    about: "What training takes in a second.",
    unit: "per second",
    has: /^time\/\w+PerSecond$/,
  },
  {
    title: "Memory",
    about: "What the process holds in main memory.",
    unit: "MiB",
    has: /(residentBytes|^memory\/bytes)$/,
    scale: 2 ** 20,
  },
  {
    title: "Learning rate",
    about: "The step size that the schedule gives.",
    unit: "learning rate",
    has: /^lr$/,
  },
  {
    title: "Length of the gradient",
    about: "‖∇‖ before it is clipped.",
    unit: "‖∇‖",
    has: /\/gradientNorm$/,
  },
];

/** No curves. */
const NEVER = /^(step|task|summary)$/;

/** Charts of a run in order; a name of no kind is drawn by itself. */
export function panelsOf(names: readonly string[]): Panel[] {
  const place = (name: string) => Number(!name.startsWith("train/"));
  const drawn = names.filter((name) => !NEVER.test(name)).sort((a, b) => place(a) - place(b));
  const kindOf = (name: string) => KINDS.findIndex(({ has }) => has.test(name));
  const known = KINDS.flatMap(({ has: _, scale = 1, ...kind }, k): Panel[] => {
    const mine = drawn.filter((name) => kindOf(name) === k);
    return mine.length === 0 ? [] : [{ ...kind, scale, names: mine }];
  });
  // train/x and eval/x are one thing, and so are eigenvalue/1, eigenvalue/2
  const others = new Map<string, string[]>();
  for (const name of drawn.filter((each) => kindOf(each) < 0)) {
    const [group = "", leaf = ""] = name.split("/");
    const title = leaf === "" || /^\d+$/.test(leaf) ? group : leaf;
    others.set(title, [...(others.get(title) ?? []), name]);
  }
  const rest = [...others].map(([title, mine]) => ({
    ...{ title, names: mine, scale: 1, unit: title },
    about: `As training writes it: ${mine.join(", ")}.`,
  }));
  return [...known, ...rest];
}

/** `train/loss` in a chart of losses is "training", `time/imagesPerSecond` is "images per second". */
export function shortName(name: string, panel: Panel): string {
  const [group = "", last = name] = name.split("/");
  const leaf =
    last === "residentBytes"
      ? "process"
      : last.replace(/(?<=[a-z])[A-Z](?=[a-z])/g, (x) => ` ${x.toLowerCase()}`);
  const leaves = new Set(panel.names.map((each) => each.split("/")[1] ?? each));
  const part = { train: "training", eval: "evaluation" }[group];
  if (leaves.size === 1) return part ?? leaf;
  const groups = new Set(panel.names.map((each) => each.split("/")[0]));
  return groups.size === 1 || part === undefined ? leaf : `${leaf}, ${part}`;
}

/** The curve of a number in a panel's unit. */
export function lineOf({ series, step }: Curves, name: string, scale: number): Omit<Line, "tone"> {
  const { min, max, last } = series.get(name)!;
  const scaled = (values: readonly (number | null)[]) =>
    scale === 1 ? values : values.map((x) => (x == null ? null : x / scale));
  return { name, step, min: scaled(min), max: scaled(max), last: scaled(last) };
}
