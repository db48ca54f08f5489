/** @file Every figure of a report, and their files. */

import { writeFigureFiles } from "../chart/figure-files.ts";
import type { Figure } from "../chart/index.ts";
import { attentionDepthFigure, attentionFigure } from "./attention-figures.ts";
import { featureFigure, has, nonZeroFigure, rateFigure, wholeRateFigure } from "./layer-figures.ts";
import { hasRateParts, ratePartsFigure } from "./rate-part-figures.ts";
import type { Report } from "./report-schema.ts";
import { spectrumFigure } from "./spectrum-figure.ts";
import {
  coherenceFigure,
  hasSubspaces,
  headCoherenceFigure,
  learnsOutput,
  orthogonalityFigure,
  outputFigure,
  severalHeads,
} from "./weight-figures.ts";

interface Entry {
  name: string;
  make: (report: Report) => Figure;
  /** Whether the report has what it shows. */
  when: (report: Report) => boolean;
}

const images = ({ attention = [] }: Report) => attention.length > 0;

const FIGURES: readonly Entry[] = [
  { name: "layer-rate", make: rateFigure, when: has("authorsRate", "paperRate") },
  { name: "rate-parts", make: ratePartsFigure, when: hasRateParts },
  { name: "non-zeros", make: nonZeroFigure, when: has("nonZero") },
  { name: "rate-of-all", make: wholeRateFigure, when: has("rate") },
  { name: "layer-features", make: featureFigure, when: has("featureRate") },
  { name: "orthogonality", make: orthogonalityFigure, when: hasSubspaces },
  { name: "coherence", make: coherenceFigure, when: severalHeads },
  { name: "head-coherence", make: headCoherenceFigure, when: severalHeads },
  { name: "head-output", make: outputFigure, when: learnsOutput },
  { name: "layer-spectra", make: spectrumFigure, when: has("nonZero") },
  { name: "attention", make: attentionFigure, when: images },
  { name: "attention-by-layer", make: attentionDepthFigure, when: images },
];

/** The figures that a report has numbers for, by name. Equal reports give equal texts. */
export function reportFigures(report: Report): Map<string, Figure> {
  const made = FIGURES.filter(({ when }) => when(report));
  return new Map(made.map(({ name, make }) => [name, make(report)]));
}

/**
 * Writes each figure as NAME.svg with its numbers beside it as NAME.csv, making the folder; figures of an older report
 * that this one has not are removed.
 * @param more a method's own figures, by name
 * @returns the paths of the SVG files
 * @throws {DiskError} when the folder cannot be written
 */
export function writeFigures(
  report: Report,
  folder: string,
  more: ReadonlyMap<string, Figure> = new Map(),
): string[] {
  return writeFigureFiles(
    new Map([...reportFigures(report), ...more]),
    folder,
    FIGURES.map(({ name }) => name),
  );
}
