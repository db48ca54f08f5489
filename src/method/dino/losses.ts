/** @file What the student is drawn towards: DINO's sharpened, centred targets, or SimDINO's features spread by their rate. */

import { codingRate, type RateOptions, rowsOf, withDigits, withRows } from "../../rate/index.ts";
import { cat, type Group, scope, stack, sumReplicated, type Tensor, UsageError } from "../../tensor/index.ts";

/** Crops that the teacher sees, the student's first ones. */
export const GLOBAL = 2;

export interface Temperatures {
  /** τ_s; 0.1 unless given. */
  student?: number;
  /** τ_t; 0.04 unless given. */
  teacher?: number;
  /** Processes that hold other images of the batch: the loss is that of all, the same on every rank. */
  across?: Group | undefined;
}

/** The loss has a gradient for the student; the other two tell whether the outputs collapse. */
export interface DinoLoss {
  loss: Tensor; //                                                              []
  /** Mean entropy of a target, nats: ln K when every prototype is as likely, []. */
  targetEntropy: Tensor;
  /** Entropy of the mean target, nats: 0 when all images have the same prototype, []. */
  meanEntropy: Tensor;
}

/**
 * Cross entropy of the teacher's targets against the student, over all pairs of a global crop and another crop:
 *
 *     1/(2V − 2) Σ_{i≤2} Σ_{v≠i} mean H(softmax((t_i − c)/τ_t), softmax(s_v/τ_s))
 *
 * @param student outputs for V crops of n images each, crop after crop, the global ones first: [V n, K]
 * @param teacher outputs for the two global crops, [2n, K]; it has no gradient
 * @param centre c, [1, K]
 * @see Caron et al. 2021, the loss, with centring and sharpening
 */
export function dinoLoss(
  student: Tensor,
  teacher: Tensor,
  centre: Tensor,
  { student: studentTemperature = 0.1, teacher: teacherTemperature = 0.04, across }: Temperatures = {},
): DinoLoss {
  return scope(() => {
    const [s, t] = byCrop(student, teacher);
    const [V, n, K] = s.shape as [number, number, number];
    const targets = t.detach().sub(centre).div(teacherTemperature).softmax(-1); //  [2, n, K]
    const logs = s.div(studentTemperature).logSoftmax(-1); //                       [V, n, K]
    const all = targets
      .sum([0])
      .mul(logs.sum([0]))
      .sum();
    const own = targets.mul(logs.narrow(0, 0, GLOBAL)).sum();
    const agreement = own.sub(all);
    if (across !== undefined) return ofAll(agreement, targets, V, across);
    const loss = agreement.div(n * (GLOBAL * V - GLOBAL));
    const mean = targets.mean([0, 1]).reshape([1, K]);
    return { loss, targetEntropy: entropy(targets).mean(), meanEntropy: entropy(mean).mean() };
  }, "dino loss");
}

/** The same from sums over ranks: the agreement, entropies, targets, and images, K + 3 numbers. */
function ofAll(agreement: Tensor, targets: Tensor, V: number, group: Group): DinoLoss {
  const K = targets.size(-1);
  const images = agreement.detach().mul(0).add(targets.size(1));
  const sums = [agreement, entropy(targets).sum(), images].map((each) => each.reshape([1]));
  const all = sumReplicated(cat([...sums, targets.sum([0, 1])]), group); //     [3 + K]
  const n = all.select(0, 2).item();
  const mean = all
    .narrow(0, 3, K)
    .div(GLOBAL * n)
    .reshape([1, K]);
  return {
    loss: all.select(0, 0).div(n * (GLOBAL * V - GLOBAL)),
    targetEntropy: all.select(0, 1).div(GLOBAL * n),
    meanEntropy: entropy(mean).mean(),
  };
}

/** −Σ q ln q over the last dimension, 0 ln 0 = 0. */
const entropy = (q: Tensor): Tensor => q.mul(q.clamp(1e-30).log()).sum([-1]).neg();

/** c ← m c + (1 − m) mean t, the teacher's outputs t [2n, K] and m 0.9 in the authors' code. */
export const nextCentre = (centre: Tensor, teacher: Tensor, momentum: number, across?: Group): Tensor =>
  scope(() => centre.mul(momentum).add(meanOf(teacher, across).mul(1 - momentum)), "centre");

/** Mean of the rows on all ranks: [n, K] → [1, K]. */
function meanOf(rows: Tensor, across: Group | undefined): Tensor {
  if (across === undefined) return rows.mean([0], true);
  const count = rows.select(1, 0).unsqueeze(1).mul(0).add(1); //                [n, 1]
  const all = across.allReduce(cat([rows, count], 1).sum([0], true)); //        [1, K + 1]
  return all.narrow(1, 0, rows.size(1)).div(all.select(1, rows.size(1)));
}

export interface SimdinoOptions extends RateOptions {
  /** Weight of the agreement; 1 unless given. */
  alignment?: number;
  /** Whose rate is raised: that of the mean of student and teacher unless given. */
  spread?: "mean" | "student";
}

/** The loss has a gradient for the student. */
export interface SimdinoLoss {
  loss: Tensor; //                                                              []
  /** The scaled rate that is raised, nats: [] */
  rate: Tensor;
  /** Mean cosine of the teacher's global crops and the student's other crops, []. */
  cosine: Tensor;
}

/**
 * Agreement of crops, and the coding rate of the global ones:
 *
 *     −λ/(2V − 2) Σ_{i≤2} Σ_{v≠i} mean t_i·s_v − (p + n)/(p n) · ½ Σ_{i≤2} R(W_i),   W_i = (s_i + t_i)/2 or s_i
 *
 * @param student features on the sphere for V crops of n images each, the global ones first: [V n, p]
 * @param teacher those of the two global crops, [2n, p]; it has no gradient
 * @param options λ 1 unless given; the authors' eps is ε²
 * @see Wu et al. 2025, the loss of SimDINO
 */
export function simdinoLoss(student: Tensor, teacher: Tensor, options: SimdinoOptions): SimdinoLoss {
  const { alignment = 1, spread = "mean", across } = options;
  return withDigits([student, teacher.detach()], (student, teacher) => {
    const [s, t] = byCrop(student, teacher);
    const [V, n, p] = s.shape as [number, number, number];
    const globals = s.narrow(0, 0, GLOBAL);
    const all = t
      .sum([0])
      .mul(s.sum([0]))
      .sum();
    const agreement = all.sub(t.mul(globals).sum());
    const W = spread === "student" ? globals : globals.add(t).div(2);
    const given = withRows(options, n);
    const N = rowsOf(given, n);
    const cosine = (across === undefined ? agreement : sumReplicated(agreement, across)).div(
      N * (GLOBAL * V - GLOBAL),
    );
    const rates =
      across === undefined ? codingRate(W, given) : stack(W.unbind(0).map((w) => codingRate(w, given)));
    const rate = rates.mean().mul((p + N) / (p * N));
    const loss = cosine.mul(-alignment).sub(rate);
    return { loss, rate: rate.detach(), cosine: cosine.detach() };
  });
}

/** Outputs by crop: the student's [V, n, K], the teacher's [2, n, K], in single precision or wider. */
function byCrop(student: Tensor, teacher: Tensor): [Tensor, Tensor] {
  const [rows, K] = teacher.shape as [number, number];
  const n = rows / GLOBAL;
  const crops = student.size(0) / n;
  if (!Number.isInteger(n) || !Number.isInteger(crops) || crops < GLOBAL || student.size(1) !== K)
    throw new UsageError(
      `dino loss: expected a student's outputs for crops of as many images as the teacher's two, got ${student.describe()} and ${teacher.describe()}`,
    );
  const wide = (x: Tensor) => (/^b?float16$/.test(x.dtype) ? x.to("float32") : x);
  return [wide(student).reshape([crops, n, K]), wide(teacher).reshape([GLOBAL, n, K])];
}
