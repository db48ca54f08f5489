/** @file The gradients that a step goes down: of losses in a number format, over one or several processes. */

import type { Module } from "../nn/index.ts";
import {
  type Group,
  gradients,
  gradientsReduced,
  NotFiniteError,
  noGrad,
  scope,
  type Tensor,
} from "../tensor/index.ts";
import { failpoint } from "./failpoint.ts";
import { TensorList } from "./foreach.ts";
import { firstNotFinite, placeAmong } from "./locate.ts";
import { inPrecision, type Precision } from "./precision.ts";
import { watching } from "./readings.ts";

/** Gives a loss, []; beside it its terms, or what else is worth a line of metrics. */
export type Loss = () => Tensor | ({ loss: Tensor } & Readonly<Record<string, Tensor>>);

/** Where a loss comes from, for the message when it is not finite. */
export interface Given {
  inputs?: readonly Tensor[];
  /** Numbered from 0. */
  epoch?: number;
  number?: number;
}

/** What gradients are of: parameters of a net, from this process's samples of a batch. */
export interface Source {
  net: Module;
  parameters: readonly Tensor[];
  precision: Precision;
  across: Group | undefined;
}

/** Gradients of one step, one a parameter, and the numbers of the losses that they are of, each [] float64. */
export interface Slopes {
  values: { loss: Tensor } & Readonly<Record<string, Tensor>>;
  list: TensorList;
}

/** sum ← sum + more */
export function addTo(sum: Slopes, more: Slopes): void {
  noGrad(() => {
    sum.list.add_(more.list);
    for (const [name, value] of Object.entries(sum.values)) value.add_(more.values[name]!);
  });
}

/** The loss over `of` and its gradients; where it is alone in its step, they are those of all ranks. */
export function slopesOf(
  { net, parameters, precision, across }: Source,
  loss: Loss,
  at: number,
  given?: Given,
  { of = 1, alone = true }: { of?: number; alone?: boolean } = {},
): Slopes {
  const lowered = () => inPrecision(precision, parameters[0]!.device, loss);
  return scope(() => {
    const found = lowered();
    const tensors = "loss" in found ? found : { loss: found };
    const shareOf = (each: Tensor) => (of === 1 ? each : each.div(of));
    const values = Object.fromEntries(
      Object.entries(tensors).map(([name, each]) => [name, shareOf(each.detach().to("float64"))]),
    ) as Slopes["values"];
    if (watching() === undefined) {
      const value = values.loss.item();
      const place = () => firstNotFinite(net, given?.inputs ?? [], lowered);
      const bad =
        across === undefined ? undefined : placeAmong(across, value, net, given?.inputs ?? [], lowered);
      if (bad !== undefined) refuse(`loss is ${bad.value * of} on rank ${bad.rank}`, at, bad.place, given);
      if (!Number.isFinite(value)) refuse(`loss is ${value * of}`, at, place(), given);
    }
    const own = shareOf(tensors.loss);
    const reduced = across !== undefined && alone;
    if (reduced) failpoint("train.reduce");
    const slopes = reduced ? gradientsReduced(own, parameters, across) : gradients(own, parameters);
    return { values, list: new TensorList(slopes) };
  }, "gradients");
}

export function refuse(
  what: string,
  at: number,
  where: string | undefined,
  { epoch, number }: Given = {},
): never {
  const batch =
    epoch === undefined || number === undefined ? "" : ` (epoch ${epoch + 1}, batch ${number + 1})`;
  throw new NotFiniteError(
    `${what} at step ${at + 1}${batch}${where === undefined ? "" : `, first in ${where}`}; lower the learning rate or look at the data`,
  );
}
