/** @file A learner's parts, copied out of one and into another, without a file between them. */
import { noGrad, type Tensor } from "../src/tensor/index.ts";
import type { Stateful } from "../src/train/index.ts";
import { savedParts } from "../src/train/position.ts";

type Parts = Readonly<Record<string, Stateful>>;

/** What the parts save, as copies of their own; `using` frees them. */
export function copyParts(parts: Parts): { into(others: Parts): void } & Disposable {
  const { states, ...files } = savedParts(parts);
  const copy = (tensors: ReadonlyMap<string, Tensor>) =>
    new Map([...tensors].map(([name, tensor]) => [name, noGrad(() => tensor.clone())]));
  const [model, optimizer] = [copy(files.model), copy(files.optimizer)];
  return {
    into(others) {
      for (const [name, part] of Object.entries(others))
        part.restore({ model, optimizer, state: states[name] ?? {} });
    },
    [Symbol.dispose]() {
      for (const tensor of [...model.values(), ...optimizer.values()]) tensor.dispose();
    },
  };
}
