import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { doctor, type Finding } from "./doctor.ts";
import { type AddonRecord, addonRecord } from "./libtorch.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-doctor-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The doctor in a process of its own, which has loaded no addon yet. */
function findings(environment: Record<string, string>): Map<string, Finding> {
  const doctorFile = JSON.stringify(new URL("./doctor.ts", import.meta.url).href);
  const code = `import(${doctorFile}).then(({ doctor }) => console.log(JSON.stringify(doctor())))`;
  const args = ["--import", import.meta.resolve("tsx"), "--input-type=module", "-e", code];
  const printed = execFileSync(process.execPath, args, {
    env: { ...process.env, ...environment },
    encoding: "utf8",
  });
  const { lines } = JSON.parse(printed) as { lines: Finding[] };
  return new Map(lines.map((line) => [line.name, line]));
}

test("where everything is set up, the engine is found", () => {
  const lines = new Map(doctor().lines.map((line) => [line.name, line]));
  expect([...lines.keys()]).toEqual([
    "node",
    "libtorch",
    "addon",
    "processor",
    "bfloat16",
    "threads",
    "memory",
    "cuda",
    "images",
    "data",
  ]);
  for (const name of ["node", "libtorch", "addon", "images"])
    expect(lines.get(name)).toMatchObject({ ok: true });
  expect(lines.get("libtorch")!.value).toMatch(/^\d+\.\d+\.\d+\S* in \/.* \(.+\)$/);
  expect(lines.get("threads")!.value).toMatch(/^libtorch uses \d+, \d+ processors, by OpenMP$/);
  expect(lines.get("bfloat16")!.value).toMatch(
    /^(emulated on .*; keep --precision fp32|in hardware \(.+\); products at \d+\.\d\d times fp32's speed: .+)$/,
  );
});

const record = { addon: join(folder, "broken.node"), libtorch: folder, source: "test", version: "2.0.0" };

/** A library that is whole, and no addon. */
const noAddon = [".", "lib"]
  .map((name) => join((addonRecord() as AddonRecord).libtorch, name, "libc10.so"))
  .find(existsSync);

test.each<[string, string | undefined, RegExp]>([
  ["no record", undefined, /^the libtorch addon is not built \(no .*record\.json\)$/],
  ["a record that is no JSON", "{", /record\.json does not name an addon and its libtorch$/],
  ["a record that names nothing", "{}", /record\.json does not name an addon and its libtorch$/],
  [
    "a record of an addon that is gone",
    JSON.stringify({ ...record, addon: "/nowhere" }),
    /^the addon \/nowhere is gone$/,
  ],
  ["an addon that is cut", JSON.stringify(record), /^the addon .*broken\.node is cut short$/],
  [
    "an addon that does not load",
    JSON.stringify({ ...record, addon: noAddon }),
    /^the addon built for libtorch 2\.0\.0 .* does not load: /,
  ],
])("%s: told with what was tried and a remedy, and nothing is thrown", (_, text, what) => {
  const path = join(folder, "record.json");
  rmSync(path, { force: true });
  if (text !== undefined) writeFileSync(path, text);
  writeFileSync(record.addon, "not a library");
  const lines = findings({ VITRINE_ADDON: path, VITRINE_DATA: join(folder, "data") });
  expect(lines.get("addon")).toMatchObject({ ok: false, remedy: 'run "npx vitrine setup"' });
  expect(lines.get("addon")!.value).toMatch(what);
  if (text === undefined || !/broken|libc10/.test(text))
    expect(lines.get("libtorch")!.value).toMatch(
      /^none in use; set-up looks in VITRINE_ADDON=.*record\.json \((not )?there\), /,
    );
  expect(lines.get("threads")).toMatchObject({ ok: true });
  expect(lines.get("data")!.value).toMatch(/is not there yet; "vitrine data get" makes it$/);
});

test("a data folder that is a file is a fault", () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  expect(findings({ VITRINE_DATA: file }).get("data")).toMatchObject({
    ok: false,
    remedy: "set VITRINE_DATA",
  });
});
