import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts", "web/**/*.test.ts"],
    // libtorch's state is per process, and a native crash then ends one file only
    pool: "forks",
    setupFiles: ["test/setup.ts"],
    maxWorkers: 2,
    // two workers on two cores, one thread each: idle libtorch threads spin, and take the other worker's core
    env: { OMP_NUM_THREADS: process.env.OMP_NUM_THREADS ?? "1" },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
