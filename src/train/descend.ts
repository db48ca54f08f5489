/** @file One step of several descents down the same losses. */

import type { Descent } from "./descent.ts";
import { TensorList } from "./foreach.ts";
import { together } from "./norms.ts";
import { addTo, type Given, type Loss, slopesOf } from "./slopes.ts";
import type { Step } from "./step.ts";
import { sumSlopes } from "./sum-slopes.ts";

/** Each descent clips its own gradient. The number format is the first one's. */
export function descend(
  descents: readonly Descent[],
  losses: readonly Loss[],
  at: number,
  given?: Given,
): Step {
  const [first, ...others] = losses as readonly [Loss];
  const alone = others.length === 0;
  const parameters = descents.flatMap((descent) => [...descent.parameters.values()]);
  const source = { ...descents[0]!.source, parameters };
  const here = slopesOf(source, first, at, given, { alone });
  for (const loss of others) addTo(here, slopesOf(source, loss, at, given, { alone }));
  const { across } = source;
  const sum = descents[0]!.overAll(alone ? here : { ...here, list: sumSlopes(here.list, across) });
  let taken = 0;
  const steps = descents.map((descent) => {
    const own = sum.list.tensors.slice(taken, taken + descent.parameters.size);
    taken += own.length;
    return descent.move({ values: sum.values, list: new TensorList(own) }, at, given);
  });
  return { ...steps[0]!, norm: together(steps.map(({ norm }) => norm)) };
}
