/**
 * @file The coding rate: how many nats it takes to code tokens up to a distortion ε.
 *
 *     R(Z) = ½ log det(I + d/(n ε²) ZᵀZ)
 *
 * Tokens that lie in a plane cost less than tokens that fill the space. Promised: fewer nats for the plane.
 */

import { codingRate, random, scope } from "../src/index.ts";

const [n, d] = [512, 32];
const stream = random(1);

scope(() => {
  const unit = (rank: number) => {
    // n tokens of length 1 in a random subspace of that rank
    const Z = stream
      .at(`rank ${rank}`)
      .normal([n, rank])
      .matmul(stream.at("basis").normal([rank, d]));
    return Z.div(Z.norm(-1, true)); //                                          [n, d]
  };
  const [plane, space] = [unit(2), unit(d)].map((Z) => codingRate(Z, { epsilon: 0.1 }).item());
  console.log(
    `rate of ${n} tokens in a plane: ${plane!.toFixed(1)} nats, in ${d} dimensions: ${space!.toFixed(1)} nats`,
  );
});
