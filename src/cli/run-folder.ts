/** @file Which folder a training run writes to: a new one, a named one, or the one that is resumed. */
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, rmdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UsageError } from "../base/errors.ts";
import { probeWritable, writing } from "../base/write-file.ts";
import { firstStranger } from "../train/leftovers.ts";

export interface RunRequest {
  /** Name of the recipe. */
  recipe: string;
  /** Folder of all runs. */
  output: string;
  /** Name of the run's folder in it. */
  experiment?: string | undefined;
  /** `auto`, `last`, `best`, the name of a checkpoint (`step-00001000`), or the path of a run or a checkpoint. */
  resume?: string | undefined;
  /** The run folder that was given in place of a recipe. */
  run?: string | undefined;
}

export interface RunPlace {
  folder: string;
  resume?: string;
}

/**
 * The run folder that a request means, made if it is new.
 * @throws UsageError when it holds a run and resuming was not asked for, or there is nothing to resume;
 *   DiskError when it cannot be written
 */
export function placeRun(request: RunRequest): RunPlace {
  const place = request.resume === undefined ? fresh(request) : resumed(request, request.resume);
  probeWritable(place.folder);
  return place;
}

/** Removes a run folder that nothing was written to, so that a run which failed at once leaves no trace. */
export function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {} // it holds files, or the disk has failed: what ended the run says more
}

const isFolder = (path: string): boolean =>
  writing(path, () => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);

function fresh({ recipe, output, experiment }: RunRequest): RunPlace {
  const folder = join(
    output,
    experiment === undefined ? stampedName(recipe, new Date()) : checked(experiment),
  );
  if (isRun(folder)) {
    throw new UsageError(
      `${folder} holds a run already; go on with --resume auto, or choose another --experiment`,
      {
        path: folder,
      },
    );
  }
  const other = isFolder(folder) ? firstStranger(folder) : undefined;
  if (other !== undefined) {
    throw new UsageError(`${folder} holds other files, such as ${other}; choose another --experiment`, {
      path: folder,
    });
  }
  return { folder };
}

function resumed(request: RunRequest, resume: string): RunPlace {
  const { recipe, output, experiment, run } = request;
  if (/^(auto|last|best|step-\d+)$/.test(resume)) {
    const folder =
      run ?? (experiment === undefined ? newest(output, recipe) : join(output, checked(experiment)));
    if (folder !== undefined && isRun(folder)) return { folder, resume };
    if (resume === "auto") return fresh(request);
    const where = folder ?? `${output}/*-${recipe}-*`;
    throw new UsageError(
      `no run to resume at ${where}; start it without --resume, or name it with --experiment`,
      {
        path: where,
      },
    );
  }
  if (!existsSync(resume)) {
    throw new UsageError(
      `nothing to resume at ${resume}: expected auto, last, best, step-N, a run or a checkpoint folder`,
      {
        path: resume,
        expected: "auto, last, best, step-N or a path",
        received: resume,
      },
    );
  }
  if (isRun(resume)) return { folder: resume, resume: "auto" };
  if (experiment !== undefined) return { folder: join(output, checked(experiment)), resume };
  const above = dirname(resolve(resume));
  if (basename(above) === "checkpoints" && isRun(dirname(above))) return { folder: dirname(above), resume };
  throw new UsageError(`${resume} is in no run folder; say with --experiment where to go on`, {
    path: resume,
  });
}

/** `20260131-235959-digits-3fa9` */
function stampedName(recipe: string, now: Date): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return `${date}-${time}-${recipe}-${randomBytes(2).toString("hex")}`;
}

/** The newest run of a recipe among those with a stamped name; names sort by time. */
function newest(output: string, recipe: string): string | undefined {
  if (!existsSync(output)) return undefined;
  const stamped = /^\d{8}-\d{6}-(.+)-[0-9a-f]{4}$/;
  const names = writing(output, () => readdirSync(output)).filter(
    (name) => stamped.exec(name)?.[1] === recipe,
  );
  const found = names.sort().findLast((name) => isRun(join(output, name)));
  return found === undefined ? undefined : join(output, found);
}

/** A folder is a run as soon as its recipe lies in it: training writes that first. */
export function isRun(folder: string): boolean {
  return existsSync(join(folder, "recipe.json"));
}

function checked(experiment: string): string {
  if (/^\w[\w.-]{0,127}$/.test(experiment)) return experiment;
  throw new UsageError(
    `--experiment: expected a folder's name of letters, digits, dots and dashes, received "${experiment}"`,
    { path: "--experiment", received: experiment },
  );
}
