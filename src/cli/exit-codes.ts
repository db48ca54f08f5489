/** @file Exit codes: what each means and what to do. Help and docs print this table. */

export interface ExitCode {
  code: number;
  meaning: string;
  remedy: string;
}

export const exitCodes: readonly ExitCode[] = [
  { code: 0, meaning: "done", remedy: "" },
  {
    code: 1,
    meaning: "failure: an operator failed, doctor found a fault, or a claim of verify does not hold",
    remedy: "read the line on stderr",
  },
  {
    code: 2,
    meaning: "usage: an unknown or wrong command, flag, recipe or key",
    remedy: "correct what the line names",
  },
  {
    code: 3,
    meaning: "data: a file is missing, damaged or of another format",
    remedy: "download or repair the file",
  },
  {
    code: 4,
    meaning: "checkpoint: damaged, or of another model or method",
    remedy: "resume from another one: --resume auto",
  },
  { code: 5, meaning: "a loss, gradient or weight is not finite", remedy: "lower --lr, or set --clip-grad" },
  { code: 6, meaning: "out of memory", remedy: "lower --batch-size, raise --grad-accum-steps" },
  { code: 7, meaning: "disk: a file cannot be written", remedy: "free space, or choose another --output" },
  {
    code: 8,
    meaning: "another process of the group has ended, hangs or cannot be reached",
    remedy: "look at what that process says; resume with --resume auto",
  },
  {
    code: 70,
    meaning: "internal error: a bug in vitrine, or processes of a group that have come to differ",
    remedy: "report it with what stderr says",
  },
  {
    code: 75,
    meaning: "stopped by SIGTERM, SIGHUP or --max-time with a checkpoint",
    remedy: "resume with --resume auto",
  },
  { code: 130, meaning: "stopped by ctrl-C with a checkpoint", remedy: "resume with --resume auto" },
];
