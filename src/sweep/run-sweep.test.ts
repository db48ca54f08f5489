/** @file Sweeps of tiny runs: what is run, what is kept, what is chosen. Programs are functions here; test/sweep has processes. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { quietly } from "../../test/tiny.ts";
import { evaluateRun } from "../method/evaluate-run.ts";
import { resolveRecipe } from "../method/recipe.ts";
import { trainRun } from "../method/train-run.ts";
import { readSettings } from "../recipe/recipes.ts";
import { combinations, parseAxis } from "./grid.ts";
import type { Programs, SweepOptions } from "./programs.ts";
import { runSweep } from "./run-sweep.ts";
import { over } from "./summary.ts";
import { readSweep } from "./sweep-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine sweep-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const TINY = {
  name: "tiny",
  model: { name: "crate", dim: 16, depth: 1, heads: 2, patch: 4, imageSize: 8 },
  data: { name: "synthetic", validation: 0.2 },
  train: { epochs: 2, batchSize: 64, lr: 0.01, threads: 1, device: "cpu", logInterval: 1 },
};

/** What was called, in order; `end` may give another ending than the run's own. */
function programs(called: string[], end: (run: string) => number | undefined = () => undefined): Programs {
  return {
    async train(path, { folder, run, maxSteps }) {
      called.push(maxSteps === undefined ? `train ${run}` : `trial ${run}`);
      const { recipe } = resolveRecipe([readSettings(path)]);
      const code = end(run);
      // a run that is stopped has taken some steps
      const steps = code === undefined ? maxSteps : 3;
      const options = quietly(join(folder, run), { resume: "auto", ...(steps && { maxSteps: steps }) });
      const said = await trainRun(recipe, options);
      return code === undefined ? { code: 0, said } : { code };
    },
    async test(run) {
      called.push(`test ${basename(run)}`);
      return {
        code: 0,
        said: (await evaluateRun(run, { checkpoint: "best", split: "test" })).numbers as never,
      };
    },
    async inspect(run) {
      called.push(`inspect ${basename(run)}`);
      const layer = { spectrum: [], authorsRate: { mean: 1.5, std: 0.1 } };
      return { code: 0, said: { layers: [{ name: "layers", before: null, after: [layer] }] } };
    },
  };
}

const said: string[] = [];
function sweep(sets: readonly string[], more: Partial<SweepOptions> & Pick<SweepOptions, "programs">) {
  said.length = 0;
  return runSweep({
    ...{ folder, layers: [{ origin: "tiny", values: TINY }], settings: combinations(sets.map(parseAxis)) },
    ...{ seeds: 2, budget: {}, say: (text: string) => said.push(text) },
    ...more,
  });
}

test("every setting runs with every seed; the best by validation is evaluated on the test split alone", async () => {
  const called: string[] = [];
  const { sweep: found, code } = await sweep(["train.lr=0.01,1e-6"], { programs: programs(called) });
  expect(code).toBe(0);
  const [good, bad] = found.settings;
  expect(called).toEqual([
    `train ${good!.name}_seed-42`,
    `train ${bad!.name}_seed-42`,
    `train ${good!.name}_seed-43`,
    `train ${bad!.name}_seed-43`,
    `test ${good!.name}_seed-42`,
    `test ${good!.name}_seed-43`,
    `inspect ${good!.name}_seed-42`,
    `inspect ${good!.name}_seed-43`,
  ]);
  expect(found).toMatchObject({ figure: "top1", chosen: good!.name });
  expect(over(good!, "validation")!.mean).toBeGreaterThan(over(bad!, "validation")!.mean);
  for (const run of good!.runs) {
    const { numbers } = await evaluateRun(join(folder, run.run), { checkpoint: "best", split: "validation" });
    expect(run.validation).toBe(numbers.top1);
    expect(run.processorSeconds).toBeGreaterThan(0);
    expect(run.rates).toEqual([1.5]);
    const tested = await evaluateRun(join(folder, run.run), { checkpoint: "best", split: "test" });
    expect(run.scores).toEqual(tested.numbers);
    expect(run.test).toBe(run.scores!.top1);
  }
  // n = 5 tokens, d = 16: patches of 3 · 4² numbers, U and W, scores and mixing, ISTA, ten classes
  expect(good!.flops).toBe(2 * (4 * 48 * 16 + 2 * 5 * 16 * 16 + 2 * 5 * 5 * 16 + 5 * 16 * 16 + 16 * 10));
  expect(bad!.runs[0]!.rates).toBeUndefined();
  expect(bad!.runs.every(({ test }) => test === undefined)).toBe(true);
  expect(readSweep(folder)).toEqual(found);
  const lines = readFileSync(join(folder, "sweep.csv"), "utf8").trim().split("\n");
  expect(lines[0]).toBe(
    "train.lr,seed,state,validation,test,steps,parameters,flops,processorSeconds,seconds,rates,run,problem,test.top1,test.top5,test.loss,test.count",
  );
  expect(lines.length).toBe(5);

  called.length = 0;
  await sweep(["train.lr=0.01,1e-6"], { programs: programs(called) });
  expect(called).toEqual([]); // nothing is repeated
  const wider = await sweep(["train.lr=0.01,1e-5"], { programs: programs(called), seeds: 1 });
  const added = wider.sweep.settings[2]!;
  expect(called).toEqual([`train ${added.name}_seed-42`]); // other values are added
  expect(wider.sweep.settings.length).toBe(3);
});

test("a stopped run stops the sweep and is gone on with; a failed one is told and does not stop the rest", async () => {
  const called: string[] = [];
  const first = await sweep(["train.lr=0.01,0.02"], {
    programs: programs(called, (run) => (called.length === 2 ? 130 : run.includes("0.01") ? undefined : 5)),
  });
  expect(first.code).toBe(130);
  expect(called.length).toBe(2);
  expect(first.sweep.chosen).toBeUndefined();
  const stoppedRun = called[1]!.replace("train ", "");
  const steps = readdirSync(join(folder, stoppedRun, "checkpoints")).filter((name) =>
    name.startsWith("step-"),
  );
  expect(steps).toContain("step-00000003");

  called.length = 0;
  const second = await sweep(["train.lr=0.01,0.02"], {
    programs: programs(called, (run) => (run.includes("0.02") && run.endsWith("43") ? 5 : undefined)),
  });
  expect(second.code).toBe(1);
  expect(called.filter((call) => call.startsWith("train"))[0]).toBe(`train ${stoppedRun}`);
  expect(second.sweep.settings.flatMap(({ runs }) => runs.map(({ state, code }) => code ?? state))).toEqual([
    "done",
    "done",
    "done",
    5,
  ]);
  expect(said.join("\n")).toMatch(/failed with exit code 5: .*0\.02.*seed-43/);
  expect(second.sweep.chosen).toBe(second.sweep.settings[0]!.name); // the only one that is whole
});

test("budgets: steps become epochs, other models than the budget's are left out, a time gives as many epochs as fit", async () => {
  const called: string[] = [];
  const one = { seeds: 1, programs: programs(called) };
  const { sweep: found, code } = await sweep(["model.dim=16,32"], {
    ...one,
    budget: { steps: 24, parameters: 2000 },
  });
  const [small, large] = found.settings;
  expect(small).toMatchObject({ length: 3, parameters: 2058 }); // 7 steps an epoch
  expect(small!.runs[0]).toMatchObject({ state: "done", steps: 21 });
  expect(large!.problem).toMatch(/^[\d,]+ parameters, \d+ % more than the budget of 2,000$/);
  expect(code).toBe(1);
  expect(called.filter((call) => call.startsWith("trial")).length).toBe(2);
  expect(readdirSync(join(folder, ".trials"))).toEqual([]);
  await expect(sweep([], { ...one, budget: { steps: 32 } })).rejects.toThrow(
    /has a sweep of another recipe, other settings beside --set, or another budget/,
  );

  folder = join(folder, "timed");
  const timed = await sweep([], { ...one, budget: { processorSeconds: 5 } });
  const { length, runs } = timed.sweep.settings[0]!;
  expect(length).toBeGreaterThan(2);
  expect(runs[0]!.steps).toBe(7 * length!);
  const none = await sweep(["train.lr=0.01"], {
    ...one,
    folder: join(folder, "none"),
    budget: { processorSeconds: 1e-4 },
  });
  expect(none.sweep.settings[0]!.problem).toBe("an epoch takes more than 0.0001 s of processor time");
  folder = join(folder, "..");
});

test("a setting that is no recipe is left out with what is wrong", async () => {
  const { sweep: found, code } = await sweep(["train.momentum=0.9,none"], {
    programs: programs([]),
    seeds: 1,
  });
  expect(found.settings[0]!.problem).toMatch(
    /\(train.momentum\): belongs to sgd and muon; adamw takes train.betas$/,
  );
  expect(found.settings[1]!.runs[0]!.state).toBe("done");
  expect(code).toBe(1);
});
