/** @file ReduNet against the authors': operators of each layer, features of known and new samples, rates. */

import { buildReduNet, type LayerRates, stateDict } from "../../src/method/redunet/index.ts";
import { aten, type Tensor, tensor } from "../../src/tensor/index.ts";
import { type Comparison, type Golden, relativeError, required } from "./golden.ts";

interface Config {
  layers: number;
  num_classes: number;
  eta: number;
  eps: number;
  lmbda: number;
}

export function redunet(golden: Golden): Comparison {
  const { layers, num_classes: classes, eta, eps, lmbda } = golden.config as unknown as Config;
  const reports: LayerRates[] = [];
  const options = {
    ...{ layers, classes, eta, epsilon: Math.sqrt(eps), sharpness: lmbda },
    report: (_: number, rates: LayerRates) => reports.push(rates),
  };
  const wide = (name: string) => required(golden, name).to("float64"); // as the reference was computed
  const { net, features } = buildReduNet(wide("input"), required(golden, "labels"), options);

  const outputs = new Map<string, number>();
  const compare = (name: string, ours: Tensor) =>
    outputs.set(name, relativeError(ours, required(golden, name)));
  compare("train_features", features);
  compare("test_features", net.transform(wide("test_input")));
  const state = stateDict(net);
  for (let l = 0; l < layers; l++) {
    const Cs = Array.from({ length: classes }, (_, j) => state.get(`${l}.Cs.${j}.weight`)!);
    compareWeight(compare, `layer.${l}.E`, state.get(`${l}.E.weight`)!);
    compareWeight(compare, `layer.${l}.C`, aten("stack", Cs));
  }
  if (golden.tensors.has("rate")) {
    const series = (read: (rates: LayerRates) => number) => tensor(reports.map(read));
    compare(
      "rate",
      series(({ rate }) => rate),
    );
    compare(
      "class_rate",
      series(({ predicted }) => predicted),
    );
    compare(
      "delta_rate",
      series(({ rate, predicted }) => rate - predicted),
    );
  }
  net.dispose();
  return { outputs, gradients: new Map() };
}

function compareWeight(compare: (name: string, ours: Tensor) => unknown, name: string, weight: Tensor): void {
  if (!weight.dtype.startsWith("complex")) {
    compare(name, weight);
    return;
  }
  compare(`${name}.real`, aten("real", weight));
  compare(`${name}.imag`, aten("imag", weight));
}
