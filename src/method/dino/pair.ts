/** @file Student and teacher: two nets of one form, the second the running average of the first. */

import type { DinoNet } from "../../model/index.ts";
import { Module } from "../../nn/index.ts";
import { noGrad, type Tensor, zeros } from "../../tensor/index.ts";
import { TensorList } from "../../train/foreach.ts";

/** What a checkpoint of DINO holds. As a module it gives the teacher's features, [b, d]. */
export class DinoPair extends Module {
  readonly student: DinoNet;
  readonly teacher: DinoNet;
  /** c, the running mean of the teacher's outputs [1, K]; nothing without prototypes. */
  readonly centre: Tensor | undefined;

  /** @param build gives the same weights each time: student and teacher start equal */
  constructor(build: () => DinoNet, prototypes?: number) {
    super();
    this.student = this.child("student", build());
    this.teacher = this.child("teacher", build());
    if (prototypes !== undefined) this.centre = this.buffer("center", zeros([1, prototypes]));
  }

  /** θ_t ← m θ_t + (1 − m) θ_s */
  follow(momentum: number): void {
    noGrad(() => {
      const [own, given] = [this.teacher, this.student].map((net) => new TensorList(net.parameters()));
      own!.mul_(momentum).add_(given!, 1 - momentum);
    });
  }

  protected forward(X: Tensor): Tensor {
    return this.teacher.backbone.apply(X);
  }
}
