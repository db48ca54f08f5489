import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, truncate } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tarMembers } from "../formats/tar.ts";
import { remotes } from "../sets/registry.ts";
import { getDataset } from "./get.ts";
import type { RemoteSet } from "./remote.ts";

/** One tar entry as tar itself writes it. */
function entry(name: string, data: Uint8Array, type = "0"): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write(`${data.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("        ", 148);
  header.write(type, 156);
  header.write("ustar\x0000", 257, "latin1");
  const sum = header.reduce((a, b) => a + b, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}
const end = Buffer.alloc(1024);
const data = (n: number) => Uint8Array.from({ length: n }, (_, i) => i % 251);
const md5 = (bytes: Uint8Array) =>
  ({ algorithm: "md5", hex: createHash("md5").update(bytes).digest("hex") }) as const;

async function list(bytes: Uint8Array, chunk: number): Promise<Record<string, number>> {
  const chunks = (async function* () {
    for (let i = 0; i < bytes.length; i += chunk) yield bytes.subarray(i, i + chunk);
  })();
  const sizes: Record<string, number> = {};
  for await (const member of tarMembers(chunks, "a.tar")) {
    const parts: Uint8Array[] = [];
    if (member.name !== "skipped") for await (const part of member.data) parts.push(part);
    const all = Buffer.concat(parts);
    expect([...all]).toEqual([...data(all.length)]);
    sizes[member.name] = all.length;
  }
  return sizes;
}

test("tar: members come whole, whatever the chunks; links are passed over; damage is named", async () => {
  const bytes = Buffer.concat([
    entry("d/", data(0), "5"),
    entry("d/a", data(700)),
    entry("link", data(0), "2"),
    entry("skipped", data(513)),
    entry("d/b", data(512)),
    end,
  ]);
  for (const chunk of [1, 100, 512, 4096])
    expect(await list(bytes, chunk)).toEqual({ "d/a": 700, skipped: 0, "d/b": 512 });
  await expect(list(bytes.subarray(0, 1300), 512)).rejects.toThrow("a.tar: the archive is truncated");
  const damaged = Buffer.from(bytes);
  damaged[520] = 7;
  await expect(list(damaged, 512)).rejects.toThrow("a.tar: damaged tar header");
});

let server: Server;
let baseUrl = "";
let root = "";
const served = new Map<string, Uint8Array>();
let asked = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-get-"));
  server = createServer((request, response) => {
    asked++;
    const body = served.get(request.url ?? "");
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mirror`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(root, { recursive: true });
});

function archive(...entries: Buffer[]): Record<string, RemoteSet> {
  const bytes = gzipSync(Buffer.concat([...entries, end]));
  served.set("/mirror/set.tar.gz", bytes);
  const members = { "in/a.bin": 700, "in/names.txt": Number.NaN };
  const files = [{ name: "set.tar.gz", checksum: md5(bytes), members }];
  return { set: { baseUrl: "http://127.0.0.1:1/", files } };
}

test("an archive is unpacked to its expected members only, from a mirror, once", async () => {
  const remote = archive(
    entry("../escaped", data(5)),
    entry("/etc/escaped", data(5)),
    entry("./in/a.bin", data(700)),
    entry("in/extra", data(9)),
    entry("in/names.txt", data(30)),
  );
  const options = { dir: root, baseUrl, remote };
  expect(await getDataset("set", options)).toEqual({ folder: join(root, "set"), downloaded: ["set.tar.gz"] });
  expect((await readdir(root, { recursive: true })).sort()).toEqual([
    "set",
    "set/in",
    "set/in/a.bin",
    "set/in/names.txt",
  ]);
  expect([...(await readFile(join(root, "set/in/a.bin")))]).toEqual([...data(700)]);
  const before = asked;
  expect((await getDataset("set", options)).downloaded).toEqual([]);
  expect(asked).toBe(before);
  await truncate(join(root, "set/in/a.bin"), 10);
  await getDataset("set", options);
  expect((await stat(join(root, "set/in/a.bin"))).size).toBe(700);
});

test("an archive without a member, or with one of another size, is refused", async () => {
  const dir = join(root, "refused");
  const get = (remote: Record<string, RemoteSet>) =>
    getDataset("set", { dir, baseUrl: `${baseUrl}/`, remote });
  await expect(get(archive(entry("in/a.bin", data(700))))).rejects.toThrow("has no in/names.txt");
  await expect(get(archive(entry("in/a.bin", data(701))))).rejects.toThrow(
    "in/a.bin has 701 bytes, expected 700",
  );
});

test("plain files, a file that is missing on the server, and unknown names", async () => {
  const files = ["x.gz", "y.gz"].map((name) => ({ name, checksum: md5(data(99)) }));
  served.set("/mirror/x.gz", data(99));
  const remote = { pair: { baseUrl, files } };
  const seen: string[] = [];
  const get = () =>
    getDataset("pair", { dir: root, remote, progress: (file, got) => seen.push(`${file} ${got}`) });
  await expect(get()).rejects.toThrow(`cannot download ${baseUrl}/y.gz: the server answers 404`);
  served.set("/mirror/y.gz", data(99));
  expect((await get()).downloaded).toEqual(["y.gz"]);
  expect(seen).toEqual(["x.gz 99", "y.gz 99"]);
  await expect(getDataset("mnits")).rejects.toThrow(
    'no download for "mnits" (did you mean "mnist"?); there is cifar10,',
  );
  await expect(getDataset("constructor")).rejects.toThrow("no download");
});

test("the table of the publishers names every file the readers ask for", () => {
  const REMOTE = remotes();
  expect(Object.keys(REMOTE)).toEqual(["cifar10", "cifar100", "fashion-mnist", "mnist"]);
  for (const { baseUrl: base, files } of Object.values(REMOTE)) {
    expect(new URL(base).href).toBe(base);
    expect(base.endsWith("/")).toBe(true);
    for (const { checksum } of files) expect(checksum.hex).toMatch(/^[0-9a-f]{32}$/);
  }
  expect(REMOTE.cifar10!.files[0]!.members).toMatchObject({
    "cifar-10-batches-bin/data_batch_5.bin": 30_730_000,
  });
  expect(REMOTE.cifar100!.files[0]!.members).toMatchObject({ "cifar-100-binary/train.bin": 153_700_000 });
});
