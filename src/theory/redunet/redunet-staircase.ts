/** @file ReduNet climbs ΔR layer by layer to the optimum of its data, and fails where there is no room for the classes. */

import { buildReduNet, gaussianMixture, REDUNET_EPSILON } from "../../method/redunet/index.ts";
import { type Random, scope } from "../../tensor/index.ts";
import { atLeast, atMost, type Claim, near, short } from "../claim.ts";
import { type Curve, level } from "../plot.ts";
import { closedForm } from "../rates/optimal-configurations.ts";

export interface Climb {
  /** ΔR after each layer, by the labels that the layer predicts, as the authors log it. */
  logged: number[];
  /** Share of samples whose class the last layer predicts. */
  accuracy: number;
  /** The same for fresh samples. */
  test: number;
}

/** A network on a set of Gaussians around fixed centres, in 2 or 3 dimensions. */
export function climb(random: Random, dimension: 2 | 3, set: number, layers: number, perClass = 100): Climb {
  return scope(() => {
    const draw = (name: string) => gaussianMixture(dimension, { set, perClass }, random.at(name));
    const [train, test] = [draw("train"), draw("test")];
    const logged: number[] = [];
    let accuracy = 0;
    const report = (_: number, rates: { rate: number; predicted: number; accuracy: number }) => {
      logged.push(rates.rate - rates.predicted);
      accuracy = rates.accuracy;
    };
    const options = { layers, classes: train.classes, sharpness: 200, report };
    const { net } = buildReduNet(train.X.to("float64"), train.labels, options);
    const right = net.predict(test.X.to("float64")).eq(test.labels).to("float64").mean().item();
    net.dispose();
    return { logged, accuracy, test: right };
  });
}

/** ΔR of d orthogonal classes in d dimensions, at the authors' ε² = 0.1. */
export const optimumOf = (d: number): number =>
  closedForm({ d, ranks: new Array<number>(d).fill(1), epsilon: REDUNET_EPSILON }).reduction;

const SETS = [
  [2, 1],
  [2, 2],
  [2, 3],
  [2, 5],
  [3, 1],
  [3, 2],
  [3, 3],
] as const;

export const redunetStaircase: Claim = {
  name: "redunet-staircase",
  title: "ReduNet raises ΔR layer by layer up to the optimum of its data, without back-propagation",
  source: "Chan et al. 2022, forward construction on Gaussians in the plane and in space",
  expected:
    "never falling by 2e-6; within 2 % of .8756 (plane) and 1.8798 (space); all classes right; set 8 fails",
  condition: {
    kind: "holds where",
    text: "Σ dₖ ≤ d; six classes in the plane have no orthogonal place (about .63 right)",
  },
  run({ random, quick }) {
    const layers = 200;
    const sets = SETS.filter(([, set]) => !quick || set < 3);
    const found = sets.map(([d, set]) => climb(random.at(`${d}.${set}`), d, set, layers));
    const crowded = climb(random.at("crowded"), 2, 8, layers);
    const falls = found.flatMap(({ logged }) => logged.slice(1).map((value, l) => logged[l]! - value));
    const shares = found.map(({ logged }, i) => logged.at(-1)! / optimumOf(sets[i]![0]));
    const right = Math.min(...found.flatMap(({ accuracy, test }) => [accuracy, test]));
    const x = Array.from({ length: layers }, (_, l) => l + 1);
    const panel = (d: 2 | 3, title: string) => ({
      ...{ kind: "curves" as const, title },
      x: { label: "layer", scale: "log" as const },
      y: { label: "ΔR (nats)", min: 0 },
      curves: [
        ...sets.flatMap(([dimension, set], i): Curve[] =>
          dimension === d
            ? [{ name: `set ${set}`, x, y: found[i]!.logged, tone: i % 4, marker: "none" }]
            : [],
        ),
        level("optimum", x, optimumOf(d)),
      ],
    });
    return {
      measured: `${short(Math.min(...shares))} of the optimum and more, largest fall ${short(Math.max(...falls))}; set 8 ${short(crowded.accuracy)} right`,
      numbers: {
        "largest fall of ΔR from one layer to the next": atMost(Math.max(...falls), 2e-6),
        "least ΔR over the optimum": atLeast(Math.min(...shares), 0.98),
        "largest ΔR over the optimum": atMost(Math.max(...shares), 1 + 1e-9),
        "ΔR of set 1 in the plane": near(found[0]!.logged.at(-1)!, 0.8756, 5e-4),
        "ΔR of set 1 in space": near(found[sets.findIndex(([d]) => d === 3)]!.logged.at(-1)!, 1.8798, 5e-4),
        "least share of samples right": atLeast(right, 1),
        "share right in set 8, six classes in the plane": near(crowded.accuracy, 0.63, 0.08),
      },
      plot: {
        subtitle: `100 samples per class, ${layers} layers, ε² = 0.1, η = 0.5, λ = 200`,
        panels: [panel(2, "Two classes in the plane"), panel(3, "Three classes in space")],
      },
    };
  },
};
