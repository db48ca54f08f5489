/** @file What a module computes, in a line: it stands at the nodes of its trace, where a viewer shows it. */

import {
  AotLayer,
  CausalTSSA,
  CrateAlphaLayer,
  CrateDecoderLayer,
  CrateLayer,
  DecoupledISTA,
  ISTA,
  Majorise,
  MSSA,
  OvercompleteISTA,
  TSSA,
} from "../model/index.ts";
import { LayerNorm, type Module, modulesByPath } from "../nn/index.ts";

const FORMULAS: readonly (readonly [new (...args: never[]) => Module, string])[] = [
  [MSSA, "MSSA(Z) = [SSA₁(Z), …, SSA_K(Z)] W + b, SSAₖ(Z) = softmax(ZUₖ (ZUₖ)ᵀ / √p) ZUₖ"],
  [ISTA, "ISTA(Z) = ReLU(Z + η (Z − Z Dᵀ) D − η λ); traced as Z (I + η (D − DᵀD)) − η λ"],
  [Majorise, "ReLU((1 + 4/(9(1 + α))) Z D − 4λ/(9α)), α = d/(n ε²)"],
  [OvercompleteISTA, "A₂ D, A₂: two steps of the lasso on Z from 0, D [m, d]"],
  [DecoupledISTA, "A₂ D₁ᵀ, A₂: two steps of the lasso on Z from 0 in D; D, D₁ [d, m]"],
  [
    TSSA,
    "TSSA(Z) = −[Π₁ w₁ / (1 + m₁), …, Π_K w_K / (1 + m_K)] Wᵀ + c, w = Z Uᵀ + b, mₖ = Σᵢ Πₖᵢ w²ₖᵢ / Σᵢ Πₖᵢ",
  ],
  [CausalTSSA, "TSSA(Z) of each token and those before it, with a learned β in the memberships"],
  [CrateLayer, "Z^{ℓ+½} = Z^ℓ + MSSA(LN(Z^ℓ)), Z^{ℓ+1} = ISTA(LN(Z^{ℓ+½}))"],
  [CrateAlphaLayer, "Z^{ℓ+½} = Z^ℓ + MSSA(LN(Z^ℓ)), Z^{ℓ+1} = Z^{ℓ+½} + ISTA(LN(Z^{ℓ+½}))"],
  [AotLayer, "Z^{ℓ+1} = Z^ℓ + MSSA(LN(Z^ℓ))"],
  [CrateDecoderLayer, "Y^{ℓ+½} = LN(Y^ℓ) Eᵀ, Y^{ℓ+1} = Y^{ℓ+½} − MSSA(LN(Y^{ℓ+½}))"],
  [LayerNorm, "LN(x) = γ (x − mean) / √(variance + ε) + β"],
];

/** The formulas of a network's modules by their paths; of those that have one. */
export function formulasOf(network: Module): Map<string, string> {
  const found = new Map<string, string>();
  for (const [path, module] of modulesByPath(network)) {
    const formula = FORMULAS.find(([kind]) => module instanceof kind)?.[1];
    if (formula !== undefined) found.set(path, formula);
  }
  return found;
}
