import { expect, test } from "vitest";
import { readWorld, threadsHere } from "./world.ts";

/** As torchrun sets them, for the last of three processes, one of two on its machine. */
const TORCHRUN = {
  ...{ RANK: "2", WORLD_SIZE: "3", LOCAL_RANK: "1", LOCAL_WORLD_SIZE: "2" },
  ...{ MASTER_ADDR: "10.0.0.1", MASTER_PORT: "29500" },
  ...{ TORCHELASTIC_RUN_ID: "none", TORCHELASTIC_RESTART_COUNT: "4", TORCHELASTIC_USE_AGENT_STORE: "True" },
};

test("a process on its own, whatever else a cluster sets", () => {
  const alone = { rank: 0, size: 1, localRank: 0, localSize: 1, timeout: 60, restart: 0 };
  expect(readWorld({})).toEqual(alone);
  expect(readWorld({ MASTER_ADDR: "10.0.0.1", RANK: "", LOCAL_RANK: "3" })).toEqual(alone);
  expect(readWorld({ RANK: "0", WORLD_SIZE: "1" })).toEqual(alone);
});

test("what torchrun says: its agent serves the store, else rank 0 does", () => {
  const meeting = { address: "10.0.0.1", port: 29500, serves: false, run: "none" };
  expect(readWorld(TORCHRUN)).toEqual({
    ...{ rank: 2, size: 3, localRank: 1, localSize: 2, meeting, timeout: 60, restart: 4 },
  });
  const first = { ...TORCHRUN, RANK: "0", LOCAL_RANK: "0" };
  expect(readWorld(first).meeting?.serves).toBe(false);
  for (const value of [undefined, "False", "1"])
    expect(readWorld({ ...first, TORCHELASTIC_USE_AGENT_STORE: value }).meeting?.serves).toBe(true);
  expect(
    readWorld({
      ...{ ...TORCHRUN, GLOO_SOCKET_IFNAME: "eth0" },
      ...{ TORCHELASTIC_ERROR_FILE: "/tmp/error.json", VITRINE_TIMEOUT: "5" },
    }),
  ).toMatchObject({ socket: "eth0", errorFile: "/tmp/error.json", timeout: 5 });
});

test("without LOCAL_ variables, as Kubernetes starts them, it is alone on its machine", () => {
  const { LOCAL_RANK: _, LOCAL_WORLD_SIZE: __, ...kubernetes } = TORCHRUN;
  expect(readWorld(kubernetes)).toMatchObject({ rank: 2, size: 3, localRank: 0, localSize: 1 });
});

test("missing and wrong variables are named", () => {
  const said = (change: NodeJS.ProcessEnv) => () => readWorld({ ...TORCHRUN, ...change });
  for (const [name, beside] of [
    ["RANK", "WORLD_SIZE"],
    ["WORLD_SIZE", "RANK"],
    ["LOCAL_RANK", "LOCAL_WORLD_SIZE"],
    ["MASTER_ADDR", "RANK"],
    ["MASTER_PORT", "RANK"],
  ])
    expect(said({ [name!]: undefined })).toThrow(
      `${name} is missing, but ${beside} is set; start with vitrine launch or torchrun, or unset it`,
    );
  expect(said({ RANK: "3" })).toThrow('RANK: expected a whole number from 0 to 2, got "3"');
  expect(said({ WORLD_SIZE: "two" })).toThrow(
    'WORLD_SIZE: expected a whole number from 1 to 100000, got "two"',
  );
  expect(said({ LOCAL_WORLD_SIZE: "4" })).toThrow("LOCAL_WORLD_SIZE: expected a whole number from 1 to 3");
  expect(said({ MASTER_PORT: "70000" })).toThrow("MASTER_PORT: expected a whole number from 1 to 65535");
  expect(said({ TORCHELASTIC_RESTART_COUNT: "-1" })).toThrow("TORCHELASTIC_RESTART_COUNT: expected a whole");
});

test("cores are shared among the processes of a machine", () => {
  const of = (localSize: number, cores: number) => threadsHere({ ...readWorld({}), localSize }, cores);
  expect([of(1, 8), of(2, 8), of(3, 8), of(2, 1)]).toEqual([8, 4, 2, 1]);
});
