/** @file Every figure of a report, and their files. */

import { writeFigureFiles } from "../chart/figure-files.ts";
import type { Figure } from "../chart/index.ts";
import { attentionDepthFigure, attentionFigure } from "./attention-figures.ts";
import { nonZeroFigure, rateFigure, spectrumFigure, wholeRateFigure } from "./layer-figures.ts";
import type { Report } from "./report-schema.ts";
import { coherenceFigure, headCoherenceFigure, orthogonalityFigure } from "./weight-figures.ts";

interface Entry {
  name: string;
  make: (report: Report) => Figure;
  /** Whether the report has what it shows; all have when left out. */
  when?: (report: Report) => boolean;
}

const subspaces = ({ model }: Report) => model.family === "crate";
const severalHeads = (report: Report) => subspaces(report) && report.model.heads > 1;
const images = ({ attention }: Report) => attention.length > 0;

const FIGURES: readonly Entry[] = [
  { name: "layer-rate", make: rateFigure, when: subspaces },
  { name: "non-zeros", make: nonZeroFigure },
  { name: "rate-of-all", make: wholeRateFigure },
  { name: "orthogonality", make: orthogonalityFigure, when: subspaces },
  { name: "coherence", make: coherenceFigure, when: severalHeads },
  { name: "head-coherence", make: headCoherenceFigure, when: severalHeads },
  { name: "spectra", make: spectrumFigure },
  { name: "attention", make: attentionFigure, when: images },
  { name: "attention-by-layer", make: attentionDepthFigure, when: images },
];

/** The figures that a report has numbers for, by name. Equal reports give equal texts. */
export function reportFigures(report: Report): Map<string, Figure> {
  const made = FIGURES.filter(({ when }) => when?.(report) ?? true);
  return new Map(made.map(({ name, make }) => [name, make(report)]));
}

/**
 * Writes each figure as NAME.svg with its numbers beside it as NAME.csv, making the folder; figures of an older report
 * that this one has not are removed.
 * @returns the paths of the SVG files
 * @throws {DiskError} when the folder cannot be written
 */
export function writeFigures(report: Report, folder: string): string[] {
  return writeFigureFiles(
    reportFigures(report),
    folder,
    FIGURES.map(({ name }) => name),
  );
}
