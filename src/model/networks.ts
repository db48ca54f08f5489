/** @file The types of what the registry builds. */

import type { Module } from "../nn/index.ts";
import type { Aot } from "./crate/aot.ts";
import type { Crate } from "./crate/crate.ts";
import type { CrateAlpha } from "./crate/crate-alpha.ts";
import type { ClosedLoopNets } from "./family.ts";
import type { Bert } from "./language/bert.ts";
import type { Gpt } from "./language/gpt.ts";
import type { GptKind } from "./language/gpt-block.ts";
import type { CrateMae, CrateMaeClassifier } from "./mae/crate-mae.ts";
import type { ViTMae } from "./mae/vit-mae.ts";
import type { Tost } from "./tost/tost.ts";
import type { ViT } from "./vit/vit.ts";

/** A CRATE, one of its successors, a ViT, or the encoder of a CRATE-MAE with a head. */
export type ImageClassifier = Crate | CrateAlpha | Tost | Aot | ViT | CrateMaeClassifier;

/** Those whose layers, weights and attention the inspector draws. */
export type DrawnClassifier = Crate | ViT | CrateMaeClassifier;

/** What each form builds. */
export interface Networks {
  classifier: ImageClassifier;
  backbone: Crate | ViT;
  autoencoder: CrateMae | ViTMae;
  encoder: Module;
  pair: ClosedLoopNets;
  language: Gpt | Bert;
}

type Classifies<Options> = Options extends { classes: number } ? true : false;

/** The class that a name stands for, where it is known before the program runs. */
export type ModelOf<Name extends string, Options = object> = string extends Name
  ? Module
  : Name extends `crate_mae${string}`
    ? Classifies<Options> extends true
      ? CrateMaeClassifier
      : CrateMae
    : Name extends `vit_mae${string}`
      ? ViTMae
      : Name extends GptKind
        ? Gpt
        : Name extends "crate_bert" | "bert"
          ? Bert
          : Name extends `crate_alpha${string}`
            ? CrateAlpha
            : Name extends `ctrl_${string}` | "ictrl"
              ? ClosedLoopNets
              : Name extends `tost${string}`
                ? Tost
                : Name extends "aot"
                  ? Aot
                  : Name extends `crate${string}` | `CRATE${string}`
                    ? Crate
                    : Name extends `vit${string}`
                      ? ViT
                      : Module;
