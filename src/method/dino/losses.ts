/** @file What the student is drawn towards: DINO's sharpened, centred targets, or SimDINO's features spread by their rate. */

import { codingRate, type RateOptions, withDigits } from "../../rate/index.ts";
import { scope, type Tensor, UsageError } from "../../tensor/index.ts";

/** Crops that the teacher sees, the student's first ones. */
export const GLOBAL = 2;

export interface Temperatures {
  /** τ_s; 0.1 unless given. */
  student?: number;
  /** τ_t; 0.04 unless given. */
  teacher?: number;
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
  { student: studentTemperature = 0.1, teacher: teacherTemperature = 0.04 }: Temperatures = {},
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
    const loss = own.sub(all).div(n * (GLOBAL * V - GLOBAL));
    const mean = targets.mean([0, 1]).reshape([1, K]);
    return { loss, targetEntropy: entropy(targets).mean(), meanEntropy: entropy(mean).mean() };
  }, "dino loss");
}

/** −Σ q ln q over the last dimension, 0 ln 0 = 0. */
const entropy = (q: Tensor): Tensor => q.mul(q.clamp(1e-30).log()).sum([-1]).neg();

/** c ← m c + (1 − m) mean t, the teacher's outputs t [2n, K] and m 0.9 in the authors' code. */
export const nextCentre = (centre: Tensor, teacher: Tensor, momentum: number): Tensor =>
  scope(() => centre.mul(momentum).add(teacher.mean([0], true).mul(1 - momentum)), "centre");

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
  const { epsilon, alignment = 1, spread = "mean" } = options;
  return withDigits([student, teacher.detach()], (student, teacher) => {
    const [s, t] = byCrop(student, teacher);
    const [V, n, p] = s.shape as [number, number, number];
    const globals = s.narrow(0, 0, GLOBAL);
    const all = t
      .sum([0])
      .mul(s.sum([0]))
      .sum();
    const cosine = all.sub(t.mul(globals).sum()).div(n * (GLOBAL * V - GLOBAL));
    const W = spread === "student" ? globals : globals.add(t).div(2);
    const rate = codingRate(W, { epsilon })
      .mean()
      .mul((p + n) / (p * n));
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
