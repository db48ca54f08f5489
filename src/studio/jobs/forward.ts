/** @file One pass of one sample through a network: outputs and probes by name, heads removed. */

import { z } from "zod";
import type { NetworkInput } from "../../method/network.ts";
import { type Module, modulePaths, recordChanged } from "../../nn/index.ts";
import { noGrad, scope, type Tensor, tensor, UsageError } from "../../tensor/index.ts";
import type { ForwardAnswer, ForwardAsked, Jobs } from "../shapes.ts";
import { checked, checkpoint } from "./asked.ts";
import { heldSource } from "./held.ts";
import { fromNumbers, toNumbers } from "./pixels.ts";

const numbers = z.object({ dims: z.array(z.int().min(1)).max(8), data: z.base64() });
const asked = z.object({
  checkpoint,
  inputs: z.record(z.string(), numbers),
  wants: z.array(z.string()).min(1).max(1000),
  without: z.record(z.string(), z.array(z.int().min(0))).optional(),
}) satisfies z.ZodType<ForwardAsked>;

/** @throws {UsageError} an input that is missing, a name that nothing has */
export async function forward(folder: string, given: unknown): Promise<Jobs["forward"][1]> {
  const { checkpoint, inputs, wants, without = {} } = checked(asked, given);
  const { network } = await heldSource(folder, checkpoint);
  const start = performance.now();
  return noGrad(() =>
    scope((): ForwardAnswer => {
      const feeds = network.inputs.map((input) => {
        const value = inputs[input.name];
        if (value === undefined) throw new UsageError(`inputs: expected "${input.name}", got none`);
        const wanted = [1, ...sampleShape(input)].join(", ");
        if (value.dims.join(", ") !== wanted)
          throw new UsageError(`${input.name}: expected [${wanted}], got [${value.dims.join(", ")}]`);
        const values = fromNumbers(value, input.name);
        return input.kind === "tokens" ? values.to("int64") : values;
      });
      const changes = new Map(
        Object.entries(without).map(([name, heads]) => [name, (A: Tensor) => withoutHeads(A, heads)]),
      );
      // an encoder of convolutions shows its features before they are scaled by the name of those after
      const probes = wants.map((name) => name.replace(/^probe\./, ""));
      const { result, found } = recordChanged(network.model, probes, changes, () => network.run(...feeds));
      try {
        const values = wants.map((name) => [name, shown(network.model, name, result, found)] as const);
        const ms = performance.now() - start;
        return { values: Object.fromEntries(values.map(([name, value]) => [name, toNumbers(value)])), ms };
      } finally {
        for (const value of found.values()) value.dispose();
      }
    }, "forward"),
  );
}

/** Of one sample. */
function sampleShape(input: NetworkInput): readonly number[] {
  if (input.kind === "image") return [input.channels, input.height, input.width];
  if (input.kind === "mask") return [input.patches];
  return input.kind === "tokens" ? [input.length] : input.shape;
}

function shown(
  model: Module,
  name: string,
  result: Readonly<Record<string, Tensor>>,
  found: ReadonlyMap<string, Tensor>,
): Tensor {
  const value = result[name] ?? found.get(name.replace(/^probe\./, ""));
  if (value !== undefined) return value;
  throw new UsageError(`wants: no output or probe "${name}"; modules are ${modulePaths(model).join(", ")}`);
}

/** Attention [b, K, n, n] with the weights of some heads put to 0. */
function withoutHeads(A: Tensor, heads: readonly number[]): Tensor {
  const kept = Array.from({ length: A.size(1) }, (_, k) => (heads.includes(k) ? 0 : 1));
  return A.mul(
    tensor(kept)
      .reshape([1, A.size(1), 1, 1])
      .to(A.dtype),
  );
}
