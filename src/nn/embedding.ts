/** @file One row of a table for each token. */

import { operator, type Random, run2, type Tensor } from "../tensor/index.ts";
import { Module } from "./module.ts";

const EMBEDDING = operator("embedding");

/** Embedding(t) = row t of W [V, d]: int64 [...] → [..., d]. */
export class Embedding extends Module {
  readonly W: Tensor;

  constructor(W: Tensor) {
    super();
    this.W = this.parameter("weight", W);
  }

  protected forward(tokens: Tensor): Tensor {
    return run2(EMBEDDING, this.W.h, tokens.h);
  }
}

/** A table as GPT-2 and BERT start it: N(0, 0.02²). */
export const embedding = (rows: number, dim: number, random: Random): Embedding =>
  new Embedding(random.normal([rows, dim]).mul_(0.02));
