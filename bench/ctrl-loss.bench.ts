/**
 * @file How fast is the closed loop's loss with its gradient, against the authors' two ways of writing it, with
 * log-determinants and autograd of the same libtorch: `tsx bench/ctrl-loss.bench.ts [THREADS]`.
 */

import { multiObjective } from "../src/rate/index.ts";
import {
  arange,
  aten,
  cat,
  eye,
  gradients,
  native,
  random,
  scope,
  type Tensor,
} from "../src/tensor/index.ts";

interface Size {
  n: number;
  d: number;
  classes: number;
}

const EPS = 0.5; // ε², as the authors' argument

interface Inputs {
  Z: Tensor;
  Zhat: Tensor;
  labels: Tensor;
}

function inputs({ n, d, classes }: Size): Inputs {
  const unit = (name: string) => {
    const Z = random(0).at(name).normal([n, d]);
    return Z.div(Z.norm(-1, true)).setRequiresGrad();
  };
  return { Z: unit("Z"), Zhat: unit("Zhat"), labels: random(0).at("labels").integers([n], 0, classes) };
}

/** Ours: 2K Grams, one batch of 3K + 2 factorisations. */
const ours = ({ Z, Zhat, labels }: Inputs, { classes }: Size): Tensor =>
  multiObjective(Z, Zhat, labels, { classes }).objective;

/** log det(I + α Z Zᵀ) as the authors write it, one sample per column: features scaled, then multiplied. */
const logdet = (Z: Tensor, alpha: Tensor | number): Tensor =>
  aten<Tensor>("logdet", eye(Z.size(0)).add(Z.mul(alpha).matmul(Z.T)));

/** R(Z) and log det of every class, whose columns are picked by a mask: Z [n, d]. */
function logdets(Z: Tensor, labels: Tensor, classes: number) {
  const [n, d] = [Z.size(0), Z.size(1)];
  const whole = logdet(Z.T, d / (n * EPS)).div(2);
  const Pi = aten<Tensor>("one_hot", labels, classes).to("bool");
  const parts = Array.from({ length: classes }, (_, k) => {
    const mask = Pi.select(1, k);
    const columns = Z.T.index([null, mask]); //                                 [d, n_k]
    const count = mask.sum().add(1e-8);
    return { columns, count, value: logdet(columns, count.mul(EPS).reciprocal().mul(d)) };
  });
  const sum = parts.map(({ value, count }) => value.mul(count.div(2 * n))).reduce((a, b) => a.add(b));
  whole.item(); // the authors' code returns both parts as numbers
  sum.item();
  return { reduction: whole.sub(sum), parts };
}

/** The authors' fast form: 2(K + 1) log-determinants, and K for the pairs. */
function short({ Z, Zhat, labels }: Inputs, { classes }: Size): Tensor {
  const [a, b] = [logdets(Z, labels, classes), logdets(Zhat, labels, classes)];
  const pairs = a.parts.map((part, k) => {
    const both = cat([part.columns, b.parts[k]!.columns], 1);
    const whole = logdet(both, both.size(0) / (both.size(1) * EPS)).div(2);
    return whole.sub(part.value.div(4)).sub(b.parts[k]!.value.div(4));
  });
  return [a.reduction, b.reduction, ...pairs].reduce((x, y) => x.add(y));
}

/** The authors' older form: every pair is a two-class rate reduction of its own, 5K + 2 log-determinants. */
function long({ Z, Zhat, labels }: Inputs, { classes }: Size): Tensor {
  const whole = [Z, Zhat].map((features) => logdets(features, labels, classes).reduction);
  const pairs = Array.from({ length: classes }, (_, k) => {
    const [A, B] = [Z.index([labels.eq(k)]), Zhat.index([labels.eq(k)])];
    const sides = arange(2 * A.size(0))
      .ge(A.size(0))
      .to("int64");
    return logdets(cat([A, B]), sides, 2).reduction;
  });
  return [...whole, ...pairs].reduce((x, y) => x.add(y));
}

/** Medians of processor time in milliseconds, which other processes disturb less than the clock; the contestants in turns so that noise meets all alike; and the values they found. */
export function measure(size: Size, rounds: number, iterations: number) {
  const given = inputs(size);
  const contestants = { ours, short, long };
  const rows = Object.entries(contestants).map(([name, loss]) => {
    const once = () =>
      scope(() => {
        const value = loss(given, size);
        gradients(value, [given.Z, given.Zhat]);
        return value.item();
      });
    return { name, once, value: once(), times: [] as number[] };
  });
  for (let round = 0; round < rounds; round++)
    for (const { once, times } of rows) {
      const start = process.cpuUsage();
      for (let i = 0; i < iterations; i++) once();
      const { user, system } = process.cpuUsage(start);
      times.push((user + system) / 1000 / iterations);
    }
  for (const tensor of Object.values(given)) tensor.dispose();
  return rows.map(({ name, value, times }) => {
    const sorted = times.sort((a, b) => a - b);
    return { name, value, best: sorted[0]!, median: sorted[Math.floor(sorted.length / 2)]! };
  });
}

if (process.argv[1] === import.meta.filename) {
  native().setThreads(Number(process.argv[2] ?? 1));
  const results = measure({ n: 2048, d: 128, classes: 10 }, 15, 3);
  const [first] = results;
  console.log(`CTRL multi loss with gradient, n = 2048, d = 128, K = 10, ${native().threads()} threads`);
  for (const { name, value, best, median } of results) {
    const ratio = `${(median / first!.median).toFixed(1)} ×`;
    console.log(
      `${name.padEnd(6)} ${median.toFixed(2)} ms (best ${best.toFixed(2)})  ${ratio}  value ${value}`,
    );
  }
}
