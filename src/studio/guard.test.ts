/** @file Who is heard: each line of the studio's security. No answer depends on a run but where it must. */

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { open, post } from "./fixture.ts";
import type { RunRow } from "./shapes.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine guard-"));
const elsewhere = mkdtempSync(join(tmpdir(), "vitrine elsewhere-"));
const runs = join(root, "runs");

/** A run that was begun: no more than its recipe. */
function begun(folder: string, recipe: object = {}): void {
  mkdirSync(folder, { recursive: true });
  const whole = {
    name: "x",
    model: { name: "crate" },
    data: { name: "digits" },
    method: { name: "supervised" },
  };
  writeFileSync(join(folder, "recipe.json"), JSON.stringify({ ...whole, ...recipe }));
}

const HOSTILE = `"><script>alert(1)<{{7*7}} ünï\u202e`;

let local: Awaited<ReturnType<typeof open>>;
let id: string;
beforeAll(async () => {
  begun(join(runs, "own"));
  begun(join(runs, HOSTILE));
  begun(join(elsewhere, "other"));
  writeFileSync(join(elsewhere, "secret.json"), `{"step":1,"secret":1}`);
  symlinkSync(join(elsewhere, "other"), join(runs, "linked"));
  begun(join(runs, "leaky"));
  symlinkSync(join(elsewhere, "secret.json"), join(runs, "leaky", "metrics.jsonl"));
  for (const file of ["report.json", "probes.jsonl"])
    symlinkSync(join(elsewhere, "secret.json"), join(runs, "own", file));
  symlinkSync(elsewhere, join(runs, "own", "figures"));
  local = await open({ root: runs });
  id = local.ask && (await local.ask("/api/runs")).json<RunRow[]>().find(({ name }) => name === "own")!.id;
});
afterAll(async () => {
  await local.studio.close();
  for (const folder of [root, elsewhere]) rmSync(folder, { recursive: true });
});

const ADDRESSES = ["/", "/app.js", "/api/runs", "/api/events", "/api/theory", "/api/runs/x/tail", "/nothing"];

test("another name for this machine is refused on every address", async () => {
  const { port } = local.studio;
  const names = [
    "evil.example",
    `evil.example:${port}`,
    `127.0.0.1:${port + 1}`,
    "127.0.0.1",
    `127.0.0.1.evil.example:${port}`,
  ];
  for (const path of ADDRESSES)
    for (const host of names)
      expect([path, host, (await local.ask(path, { headers: { host } })).status]).toEqual([path, host, 403]);
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`])
    expect([host, (await local.ask("/api/runs", { headers: { host } })).status]).toEqual([host, 200]);
});

test("another page is refused, by its origin and by what the browser says", async () => {
  const { port } = local.studio;
  for (const headers of [
    ...[{ origin: "http://evil.example" }, { origin: "null" }, { origin: `http://127.0.0.1:${port + 1}` }],
    ...[
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { origin: `https://127.0.0.1:${port}` },
    ],
  ])
    for (const path of ADDRESSES)
      expect((await local.ask(path, { headers: headers as never })).status).toBe(403);
  const own = {
    origin: `http://127.0.0.1:${port}`,
    "sec-fetch-site": "same-origin",
    host: `127.0.0.1:${port}`,
  };
  expect((await local.ask("/api/runs", { headers: own })).status).toBe(200);
});

test("a question to libtorch needs the cookie, which the token alone gives", async () => {
  const path = `/api/runs/${id}/ask/forward`;
  expect((await local.ask(path, post({}))).status).toBe(401);
  const wrong = { ...post({}).headers, cookie: `vitrine-${local.studio.port}=${"x".repeat(32)}` };
  expect((await local.ask(path, { ...post({}), headers: wrong })).status).toBe(401);
  for (const token of ["", "x", "x".repeat(32), 7, null, { length: 32 }])
    expect((await local.ask("/api/session", post({ token }))).status).toBe(401);
  const { headers } = await local.ask("/api/session", post({ token: local.studio.token }));
  expect(headers["set-cookie"]).toEqual([
    expect.stringMatching(/^vitrine-\d+=[\w-]{32}; Path=\/; HttpOnly; SameSite=Strict$/),
  ]);
  expect((await local.put(path, { checkpoint: "best" })).json()).toEqual({
    error: "the run has no checkpoint yet",
  });
  expect(new URL(local.studio.url).hash).toBe(`#token=${local.studio.token}`); // browsers send no fragment
});

test("at any other address of the machine every answer of the API needs it", async () => {
  const { studio, ask, cookie } = await open({ root: runs, host: "0.0.0.0" });
  try {
    for (const path of ["/api/runs", "/api/events", "/api/theory", `/api/runs/${id}`, `/api/runs/${id}/tail`])
      expect([path, (await ask(path)).status]).toEqual([path, 401]);
    expect((await ask("/api/runs", { headers: { cookie } })).status).toBe(200);
    expect((await ask("/")).status).toBe(200); // the page itself, which is to send the token
    expect(
      (await ask("/api/runs", { headers: { cookie, host: `evil.example:${studio.port}` } })).status,
    ).toBe(403);
  } finally {
    await studio.close();
  }
});

test("other methods, other types and too much are refused", async () => {
  for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS"])
    expect((await local.ask("/api/runs", { method })).status).toBe(405);
  const path = `/api/runs/${id}/ask/forward`;
  const { cookie } = local;
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/jsonx",
  ])
    expect(
      (await local.ask(path, { method: "POST", headers: { "content-type": type, cookie }, body: "{}" }))
        .status,
    ).toBe(415);
  const large = {
    ...post({}),
    headers: { ...post({}).headers, cookie },
    body: Buffer.alloc(9 * 2 ** 20, 32),
  };
  expect((await local.ask(path, large)).status).toBe(413);
  const none = { ...post({}), headers: { ...post({}).headers, cookie }, body: "{" };
  expect((await local.ask(path, none)).status).toBe(400);
});

test("every answer has the headers, whatever it says", async () => {
  for (const path of [
    ...ADDRESSES.filter((path) => path !== "/api/events"),
    `/api/runs/${id}/figures/x.svg`,
  ]) {
    const { headers } = await local.ask(path);
    const policy = String(headers["content-security-policy"]);
    expect(policy).toBe(
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    );
    expect(headers).toMatchObject({
      ...{ "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" },
      ...{ "x-content-type-options": "nosniff", "referrer-policy": "no-referrer" },
    });
  }
});

test("no path of a request leads to the disk", async () => {
  const tries = [
    "..",
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "own",
    encodeURIComponent(join(runs, "own")),
    "%00",
    "a".repeat(12),
    "a".repeat(5000),
  ];
  for (const each of tries) {
    for (const path of [
      `/api/runs/${each}`,
      `/api/runs/${each}/report`,
      `/api/runs/${id}/figures/${each}`,
      `/x${each}`,
      `/api/theory/figures/${each}`,
    ])
      expect([path, (await local.ask(path)).status >= 400]).toEqual([path, true]);
    for (const which of ["onnx", "facts"])
      expect((await local.ask(`/api/runs/${id}/${which}?checkpoint=${each}`)).status).toBe(404);
  }
});

test("a link that leads out of the folder is no run, no report, no figure", async () => {
  const list = (await local.ask("/api/runs")).json<RunRow[]>();
  expect(list.map(({ name }) => name).sort()).toEqual([HOSTILE, "own"].sort());
  expect((await local.ask(`/api/runs/${id}/report`)).status).toBe(404);
  expect((await local.ask(`/api/runs/${id}/probes`)).json()).toEqual({ rows: [] });
  expect((await local.ask(`/api/runs/${id}/figures`)).json()).toEqual([]);
});

test("a name is text, whatever it is", async () => {
  const list = (await local.ask("/api/runs")).json<RunRow[]>();
  const hostile = list.find(({ name }) => name === HOSTILE)!;
  expect(hostile.id).toMatch(/^[\w-]{12}$/);
  const { headers, bytes } = await local.ask(`/api/runs/${hostile.id}`);
  expect(headers["content-type"]).toBe("application/json");
  expect(JSON.parse(bytes.toString())).toMatchObject({ name: HOSTILE });
});
