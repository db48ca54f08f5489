/** @file All pages: a new one is a line here, its name in address.ts, and its view. */

import type { ComponentType } from "preact";
import type { MethodPage, RunDetail } from "../src/studio/shapes.ts";
import type { RunPage, StudioPage } from "./address.ts";
import { later } from "./later.tsx";
import type { RunHere, Studio } from "./source/source.ts";
import { Runs } from "./views/runs.tsx";

export interface PageOfRun {
  /** In the row of pages. */
  readonly name: string;
  /** The reader's question: the page's heading. */
  readonly question: string;
  /** Whether a run has it; the exported page of one run has no detail. */
  readonly isThere: (detail: RunDetail | undefined) => boolean;
  readonly View: ComponentType<{ run: RunHere }>;
}

const always = (detail: RunDetail | undefined) => detail !== undefined;
/** Where the page can look at the network of a classifier of images. */
const network = (detail: RunDetail | undefined) =>
  detail === undefined || detail.noModel === undefined || detail.isLarge === true;

/** Runs whose network is a stack of layers of tokens; the page says so where it has no subspaces. */
const TOKENS = new Set(["supervised", "mae", "dino", "language", "probe"]);
const graph = (detail: RunDetail | undefined) =>
  detail === undefined || (TOKENS.has(detail.method) && detail.checkpoints.length > 0);
/** What only some methods have. */
const of = (page: MethodPage) => (detail: RunDetail | undefined) => detail?.pages.includes(page) ?? false;

type Pages = Partial<Readonly<Record<RunPage, PageOfRun>>>;

/** What needs the files of a run, before what looks into its network. */
const OF_FILES: Pages = !STUDIO
  ? {}
  : {
      train: {
        name: "Training",
        question: "Is this run learning?",
        isThere: always,
        View: later(async () => (await import("./views/train.tsx")).Train),
      },
      layers: {
        name: "Layers",
        question: "Does each layer's objective fall?",
        isThere: always,
        View: later(async () => (await import("./views/layers.tsx")).Layers),
      },
    };
const OF_NETWORKS: Pages = {
  see: {
    name: "One picture",
    question: "What does each layer do?",
    isThere: network,
    View: later(async () => (await import("./views/network.tsx")).See),
  },
  head: {
    name: "Heads",
    question: "What does a head look at?",
    isThere: network,
    View: later(async () => (await import("./views/network.tsx")).Head),
  },
  spaces: {
    name: "Subspaces",
    question: "How do its subspaces lie?",
    isThere: graph,
    View: later(async () => (await import("./views/spaces.tsx")).Spaces),
  },
};
/** What one method has. */
const OF_METHODS: Pages = !STUDIO
  ? {}
  : {
      mask: {
        name: "Masks",
        question: "What does it make of what is missing?",
        isThere: of("mask"),
        View: later(async () => (await import("./methods/mask.tsx")).Mask),
      },
      traverse: {
        name: "Loop",
        question: "What do its features draw?",
        isThere: of("traverse"),
        View: later(async () => (await import("./methods/traverse.tsx")).Traverse),
      },
      memberships: {
        name: "Groups",
        question: "Who belongs together?",
        isThere: of("memberships"),
        View: later(async () => (await import("./methods/memberships.tsx")).Memberships),
      },
      construct: {
        name: "Layers built",
        question: "What does each layer gain?",
        isThere: of("construct"),
        View: later(async () => (await import("./methods/construct.tsx")).Construct),
      },
      text: {
        name: "Text",
        question: "What does it read, and what comes next?",
        isThere: of("text"),
        View: later(async () => (await import("./methods/text.tsx")).Text),
      },
      segments: {
        name: "Segments",
        question: "What does it take for objects?",
        isThere: of("segments"),
        View: later(async () => (await import("./methods/segments.tsx")).Segments),
      },
    };
export const RUN_PAGES: Pages = { ...OF_FILES, ...OF_NETWORKS, ...OF_METHODS };

export interface PageOfAll {
  readonly name: string;
  readonly question: string;
  readonly View: ComponentType<{ studio: Studio }>;
}

/** The exported page of one run has none. */
const OF_ALL = !STUDIO
  ? {}
  : {
      runs: { name: "Runs", question: "Runs", View: Runs },
      cmp: {
        name: "Compare",
        question: "How do two runs differ?",
        View: later(async () => (await import("./views/compare.tsx")).Compare),
      },
      sweeps: {
        name: "Sweeps",
        question: "Which setting is best?",
        View: later(async () => (await import("./views/sweeps.tsx")).Sweeps),
      },
      theory: {
        name: "Theory",
        question: "Does the theory hold here?",
        View: later(async () => (await import("./views/theory.tsx")).Theory),
      },
    };
export const STUDIO_PAGES = OF_ALL as Readonly<Record<Exclude<StudioPage, "latest">, PageOfAll>>;
