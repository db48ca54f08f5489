/** @file What the addon is linked with, from folders that look like libtorch's. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test, vi } from "vitest";
import { root as clone } from "./markdown.ts";

const { linking } = (await import(pathToFileURL(join(clone, "scripts/libtorch.mjs")).href)) as {
  linking(libtorch: { include: string; lib: string }): Record<string, string>;
};

const root = mkdtempSync(join(tmpdir(), "vitrine linking-"));
afterAll(() => rmSync(root, { recursive: true }));
afterAll(() => vi.unstubAllEnvs());

/** site-packages with a torch that has these libraries, and these files beside it. */
function packages(libraries: string[], files: string[] = []) {
  const site = mkdtempSync(join(root, "site-"));
  for (const file of [...libraries.map((name) => `torch/lib/lib${name}.so`), ...files]) {
    mkdirSync(dirname(join(site, file)), { recursive: true });
    writeFileSync(join(site, file), "");
  }
  return { site, linked: linking({ include: join(site, "torch/include"), lib: join(site, "torch/lib") }) };
}

const CPU = ["torch", "torch_cpu", "c10"];
const CUDA = [...CPU, "torch_cuda", "c10_cuda"];
const header = (wheel: string) => `nvidia/${wheel}/include/cuda_runtime_api.h`;

test("graphs and NCCL are compiled where libtorch has CUDA, with the headers of the wheels it came with, or of a toolkit", () => {
  vi.stubEnv("CUDA_HOME", join(root, "toolkit"));
  vi.stubEnv("VITRINE_CUDA", "");
  const of = (libraries: string[], ...files: string[]) => {
    const { site, linked } = packages(libraries, files);
    return linked.CUDA_INCLUDE!.replaceAll(site, "");
  };
  expect(of(CPU, header("cu13"))).toBe("");
  expect(of(CUDA, header("cuda_runtime"))).toBe("/nvidia/cuda_runtime/include");
  expect(of(CUDA, header("cuda_runtime"), header("cu13"))).toBe(
    "/nvidia/cu13/include;/nvidia/cuda_runtime/include",
  );
  expect(of(CUDA, header("cuda_runtime"), "nvidia/nccl/include/nccl.h")).toBe(
    "/nvidia/cuda_runtime/include;/nvidia/nccl/include",
  );
  mkdirSync(join(root, "toolkit/include"), { recursive: true });
  writeFileSync(join(root, "toolkit/include/cuda_runtime_api.h"), "");
  expect(of(CUDA)).toBe(join(root, "toolkit/include"));
  expect(of(CUDA, "nvidia/nccl/include/nccl.h")).toBe(
    `${join(root, "toolkit/include")};/nvidia/nccl/include`,
  );
  vi.stubEnv("VITRINE_CUDA", "0");
  expect(of(CUDA, header("cu13"))).toBe("");
});

test("libraries of CUDA are linked where they are, before the others", () => {
  const names = (libraries: string[]) =>
    packages(libraries)
      .linked.LIBTORCH_LIBRARIES!.split(";")
      .map((path) => path.slice(path.lastIndexOf("/") + 1));
  const plain = ["-Wl,--no-as-needed", "libtorch.so", "libtorch_cpu.so", "libc10.so"];
  expect(names(CPU)).toEqual(plain);
  expect(names(CUDA)).toEqual([plain[0], "libtorch_cuda.so", "libc10_cuda.so", ...plain.slice(1)]);
});
