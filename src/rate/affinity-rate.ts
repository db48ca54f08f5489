/** @file The rate of features against memberships of point in point, in chunks and with its gradient in closed form. */

import { gradients, scope, type Tensor, UsageError, zeros } from "../tensor/index.ts";
import { type AffinityRate, affinityOfAll } from "./affinity-across.ts";
import { logDet1p, type RateOptions, squared, withRows } from "./coding-rate.ts";
import { withDigits } from "./digits.ts";

/** Numbers in the Gram matrices of one chunk of columns, and rows of them that are formed in one product. */
const CHUNK = 2 ** 22;
const ROWS = 16;

/** Rows `from` to `to` of all outer products zᵢ zᵢᵀ, without the columns from `to` on: Z [n, d] → [n, (to − from) · to]. */
const outerRows = (Z: Tensor, from: number, to: number): Tensor =>
  Z.narrow(1, from, to - from)
    .unsqueeze(2)
    .mul(Z.narrow(1, 0, to).unsqueeze(1))
    .reshape([Z.size(0), (to - from) * to]);

/** Blocks of rows of a lower triangle: [from, to) pairs. */
const blocksOf = (d: number): [number, number][] =>
  Array.from({ length: Math.ceil(d / ROWS) }, (_, i) => [i * ROWS, Math.min((i + 1) * ROWS, d)]);

/** Zᵀ diag(πⱼ) Z for some columns of memberships: Z [n, d], Pi [n, c] → [c, d, d]. The lower triangle is mirrored. */
function gramsOf(Z: Tensor, Pi: Tensor): Tensor {
  return scope(() => {
    const [d, c] = [Z.size(1), Pi.size(1)];
    const grams = zeros([c, d, d], { dtype: Z.dtype, device: Z.device });
    for (const [from, to] of blocksOf(d))
      scope(() => {
        const rows = Pi.T.matmul(outerRows(Z, from, to)); //                    [c, rows · to]
        grams
          .narrow(1, from, to - from)
          .narrow(2, 0, to)
          .copy_(rows.reshape([c, to - from, to]));
      });
    return grams.tril().add_(grams.tril(-1).T);
  }, "grams");
}

/** What every chunk of columns adds to: 2n times the value, and ∂/∂Z without its factor 2κ. */
interface Sums {
  value: Tensor; //                                                             []
  dZ: Tensor; //                                                                [n, d]
}

/**
 * With Mⱼ = I + αⱼ Zᵀ diag(πⱼ) Z, αⱼ = d/(tⱼ ε²), κ = d/(2n ε²):
 *
 *     ∂/∂Z    row i     2κ Σⱼ πᵢⱼ Mⱼ⁻¹ zᵢ
 *     ∂/∂πᵢⱼ            κ zᵢᵀ Mⱼ⁻¹ zᵢ + ( log det Mⱼ − tr(I − Mⱼ⁻¹) )/(2n)
 *
 * @returns ∂/∂Π of these columns, [n, c]; the rest is added to `sums`
 */
function addColumns(Z: Tensor, Pi: Tensor, epsSq: number, wanted: boolean, sums: Sums): Tensor | undefined {
  const [n, d] = Z.shape as [number, number];
  const mass = Pi.sum(0).clamp(1e-8); //                                        t [c]
  const alpha = mass.reciprocal().mul(d / epsSq); //                            [c]
  const grams = gramsOf(Z, Pi).mul_(alpha.reshape([-1, 1, 1]));
  const logdets = logDet1p(wanted ? grams.setRequiresGrad() : grams); //        [c]
  sums.value.add_(logdets.detach().mul(mass).sum());
  if (!wanted) return undefined;
  const [inverses] = gradients(logdets.sum(), [grams]) as [Tensor]; //          M⁻¹ [c, d, d]
  const kappa = d / (2 * n * epsSq);
  const energies = zeros([n, Pi.size(1)], { dtype: Z.dtype, device: Z.device });
  for (const [from, to] of blocksOf(d)) scope(() => addRows(Z, Pi, inverses, from, to, energies, sums.dZ));
  const traces = inverses.diagonal().sum(-1).sub(d); //                         −tr(I − M⁻¹), [c]
  const byMass = logdets.detach().add(traces);
  return energies.mul_(kappa).add_(byMass.div_(2 * n));
}

/** Adds the part of zᵢᵀ Mⱼ⁻¹ zᵢ and of Σⱼ πᵢⱼ Mⱼ⁻¹ zᵢ that rows `from` to `to` of the triangles of all M⁻¹ have. */
function addRows(
  Z: Tensor,
  Pi: Tensor,
  inverses: Tensor,
  from: number,
  to: number,
  energies: Tensor,
  dZ: Tensor,
) {
  const [n, c, rows] = [Z.size(0), Pi.size(1), to - from];
  const block = inverses.narrow(1, from, rows).narrow(2, 0, to).contiguous(); // [c, rows, to]
  const mixed = Pi.matmul(block.reshape([c, rows * to])).reshape([n, rows, to]); // Σⱼ πᵢⱼ Mⱼ⁻¹
  const own = Z.narrow(1, from, rows); //                                       [n, rows]
  dZ.narrow(1, from, rows).add_(mixed.matmul(Z.narrow(1, 0, to).unsqueeze(2)).squeeze(2));
  if (from > 0) {
    const above = mixed.narrow(2, 0, from); //                                  the mirrored part
    dZ.narrow(1, 0, from).add_(own.unsqueeze(1).matmul(above).squeeze(1));
    block.narrow(2, 0, from).mul_(2);
  }
  energies.add_(outerRows(Z, from, to).matmul(block.reshape([c, rows * to]).T));
}

/**
 * The rate of n samples coded once for each of n soft neighbourhoods:
 *
 *     Rᶜ(Z | Π) = Σⱼ tⱼ/(2n) log det(I + d/(tⱼ ε²) Zᵀ diag(πⱼ) Z),   tⱼ = Σᵢ πᵢⱼ
 *
 * which is `rateAgainstMemberships` with as many classes as samples. Columns are taken a few at a time, their Gram
 * matrices formed by halves, and the gradient in Z and in Π (through tⱼ too) is in closed form, so that nothing of
 * size n · n · d or n · d · d is kept. There is no second derivative.
 *
 * @param Z features, [n, d]; across processes the rows that are here, [n_r, d]
 * @param Pi memberships, [n, c], c = n for an affinity; across processes [n_r, n]
 * @returns [], nats
 * @throws {UsageError} a Π whose rows are not as many as those of Z
 * @see Ding et al. 2023, the rate against a doubly stochastic membership
 */
export function rateAgainstAffinity(Z: Tensor, Pi: Tensor, options: RateOptions): Tensor {
  const epsSq = squared(options);
  if (Z.dim !== 2 || Pi.dim !== 2 || Pi.size(0) !== Z.size(0))
    throw new UsageError(
      `rate: expected features [n, d] and memberships [n, c], got ${Z.describe()} and ${Pi.describe()}`,
    );
  return withDigits([Z, Pi], (Z, Pi) => {
    const [moveZ, movePi] = [Z.sub(Z.detach()), Pi.sub(Pi.detach())]; //        zeros that carry gradients
    const wanted = moveZ.requiresGrad || movePi.requiresGrad;
    const { across } = options;
    const one = (Z: Tensor, Pi: Tensor) => evaluated(Z, Pi, epsSq, wanted);
    const { value, dZ, dPi } =
      across === undefined
        ? one(Z.detach(), Pi.detach())
        : affinityOfAll(Z.detach(), Pi.detach(), across, withRows(options, Z.size(0)).rows!, one);
    if (!wanted) return value;
    return value.add(moveZ.mul(dZ).sum()).add(movePi.mul(dPi!).sum());
  });
}

function evaluated(Z: Tensor, Pi: Tensor, epsSq: number, wanted: boolean): AffinityRate {
  const [n, d] = Z.shape as [number, number];
  const c = Pi.size(1);
  const place = { dtype: Z.dtype, device: Z.device };
  const sums: Sums = { value: zeros([], place), dZ: zeros([n, d], place) };
  const dPi = wanted ? zeros([n, c], place) : undefined;
  const width = Math.max(ROWS, Math.floor(CHUNK / (d * d)));
  for (let start = 0; start < c; start += width)
    scope(() => {
      const length = Math.min(width, c - start);
      const found = addColumns(Z, Pi.narrow(1, start, length), epsSq, wanted, sums);
      if (found !== undefined) dPi!.narrow(1, start, length).copy_(found);
    }, "columns");
  return { value: sums.value.div_(2 * n), dZ: sums.dZ.mul_(d / (n * epsSq)), dPi };
}
