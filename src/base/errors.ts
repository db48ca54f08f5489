/** @file The errors a person can act on. Each carries its exit code; anything else that is thrown is a bug. */

import { plain } from "./plain-text.ts";

/** Facts about an error as data, so that pages and tests need not parse prose. */
export interface ErrorFacts {
  /** Where: a file, a key of a recipe, a module path. */
  path?: string;
  expected?: string;
  received?: string;
  cause?: unknown;
}

/** Base of every error whose message alone is worth showing. */
export abstract class VitrineError extends Error {
  abstract readonly exitCode: number;
  readonly path: string | undefined;
  readonly expected: string | undefined;
  readonly received: string | undefined;

  constructor(message: string, facts: ErrorFacts = {}) {
    super(plain(message), facts.cause === undefined ? {} : { cause: facts.cause });
    this.name = new.target.name;
    this.path = facts.path;
    this.expected = facts.expected;
    this.received = facts.received;
  }
}

/** The caller can fix it: what was expected, what was given, where, what to do. */
export class UsageError extends VitrineError {
  readonly exitCode = 2;
}

/** A data file is not what its format says. */
export class DataError extends VitrineError {
  readonly exitCode = 3;
}

/** A checkpoint is damaged or belongs to something else. */
export class CheckpointError extends VitrineError {
  readonly exitCode = 4;
}

/** A loss, gradient or parameter is infinite or not a number. */
export class NotFiniteError extends VitrineError {
  readonly exitCode = 5;
}

/** The machine has not enough memory. */
export class OutOfMemoryError extends VitrineError {
  readonly exitCode = 6;
}

/** A file cannot be written. */
export class DiskError extends VitrineError {
  readonly exitCode = 7;
}

/** Another of the processes that train as one has ended, hangs or cannot be reached. */
export class PeerLostError extends VitrineError {
  readonly exitCode = 8;
}

/** Processes that train as one no longer have the same weights. */
export class RanksDifferError extends VitrineError {
  readonly exitCode = 70;
}

/** Stopped on request, with a checkpoint: run again to go on. */
export class StoppedError extends VitrineError {
  constructor(
    message: string,
    readonly exitCode: 75 | 130,
  ) {
    super(message);
  }
}

/** libtorch refused: the operator, the shapes it was given, libtorch's first line. */
export class TorchError extends VitrineError {
  readonly exitCode = 1;
  readonly code = "ERR_TORCH";
}

/** Rounding takes the digits of a result in the precision that was asked for. */
export class PrecisionError extends TorchError {}
