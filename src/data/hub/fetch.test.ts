import { mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { gitHash, type HubRepository, sha256, TestHub } from "../../../test/hub.ts";
import { type HubOptions, localFile } from "./fetch.ts";

const hub = new TestHub();
const A = "a".repeat(40);
const B = "b".repeat(40);
const weights = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 3));
const config = Buffer.from('{"model_type": "vit"}');
let root = "";
let serial = 0;
let cache = "";
let said: string[] = [];
let options: HubOptions & { env: Record<string, string> };
let repository: HubRepository;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-hub-"));
  await hub.open();
});
afterAll(async () => {
  await hub.close();
  await rm(root, { recursive: true });
});
beforeEach(() => {
  cache = join(root, String(serial++));
  said = [];
  hub.asked = [];
  hub.elsewhere = [];
  hub.spoil = undefined;
  const files = { "model.safetensors": weights, "config.json": config };
  repository = { files, large: ["model.safetensors"], refs: { main: A } };
  hub.repositories.clear();
  hub.moved.clear();
  hub.repositories.set("o/n", repository);
  const env = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: cache, HF_TOKEN: "secret" };
  options = { env, pause: 1, say: (line) => said.push(line) };
});

const folder = () => join(cache, "models--o--n");
const blobs = async () => (await readdir(join(folder(), "blobs")).catch(() => [])).sort();

test("a path is left as it is", async () => {
  expect(await localFile("hf.safetensors", options)).toBe("hf.safetensors");
  expect(said).toEqual([]);
});

test("files come into the hub's cache with links from their commit; one line says what and where", async () => {
  const path = await localFile("hf:o/n", options);
  expect(path).toBe(join(folder(), "snapshots", A, "model.safetensors"));
  expect(await readFile(path)).toEqual(weights);
  expect(await readlink(path)).toBe(`../../blobs/${sha256(weights)}`);
  expect(await readlink(join(path, "..", "config.json"))).toBe(`../../blobs/${gitHash(config)}`);
  expect(await readFile(join(folder(), "refs", "main"), "utf8")).toBe(A);
  expect(await blobs()).toEqual([sha256(weights), gitHash(config)].sort());
  expect(said).toEqual([
    `hf:o/n: fetched model.safetensors, config.json (0.3 MB) of commit aaaaaaaaaaaa to ${join(path, "..")}`,
  ]);
});

test("the token goes to the hub alone, not where a redirect leads", async () => {
  await localFile("hf:o/n", options);
  expect(new Set(hub.asked.map(({ token }) => token))).toEqual(new Set(["Bearer secret"]));
  expect(hub.elsewhere.map(({ method, token }) => [method, token])).toEqual([["GET", undefined]]);
});

test("what is in the cache is not fetched again; of a commit nothing is asked", async () => {
  await localFile("hf:o/n", options);
  hub.asked = [];
  hub.elsewhere = [];
  await localFile("hf:o/n", options);
  expect(hub.asked.every(({ method }) => method === "HEAD")).toBe(true);
  expect(said[1]).toBe(
    `hf:o/n: model.safetensors of commit aaaaaaaaaaaa is in ${join(folder(), "snapshots", A)}`,
  );
  hub.asked = [];
  await localFile(`hf:o/n@${A}/model.safetensors`, options);
  expect(hub.asked.map(({ path }) => path).filter((path) => path.endsWith("model.safetensors"))).toEqual([]);
});

test("a branch that moved is fetched anew; files that are the same are kept once", async () => {
  await localFile("hf:o/n", options);
  const other = Buffer.from("other");
  repository.files["config.json"] = other;
  repository.refs.main = B;
  const path = await localFile("hf:o/n", options);
  expect(path).toBe(join(folder(), "snapshots", B, "model.safetensors"));
  expect(await readFile(join(path, "..", "config.json"))).toEqual(other);
  expect(await blobs()).toHaveLength(3);
  expect(hub.elsewhere).toHaveLength(1);
});

test("a connection that is cut goes on where it stopped", async () => {
  hub.spoil = (path, from, response, bytes) => {
    if (path !== `/${sha256(weights)}` || from >= 200_000) return false;
    response.writeHead(from > 0 ? 206 : 200, {
      ...{ "content-length": bytes.length - from, etag: '"v"' },
      ...(from > 0 && { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` }),
    });
    response.write(bytes.subarray(from, from + 100_000));
    const part = join(folder(), "blobs", `${sha256(weights)}.part`);
    const look = setInterval(async () => {
      const size = await stat(part).then(
        (found) => found.size,
        () => 0,
      );
      if (size < from + 100_000) return;
      clearInterval(look);
      response.destroy();
    }, 2);
    return true;
  };
  expect(await readFile(await localFile("hf:o/n", options))).toEqual(weights);
  expect(hub.elsewhere.map(({ range }) => range)).toEqual([undefined, "bytes=100000-", "bytes=200000-"]);
});

test.each(["model.safetensors", "config.json"])(
  "a %s that is not what its hash says is thrown away",
  async (name) => {
    hub.spoil = (path, _, response, bytes) => {
      if (!path.endsWith(name === "config.json" ? name : sha256(weights))) return false;
      response.writeHead(200, { "content-length": bytes.length, etag: '"v"' });
      response.end(Buffer.alloc(bytes.length));
      return true;
    };
    await expect(localFile("hf:o/n", options)).rejects.toThrow(
      /(sha256|git) is not [0-9a-f]+; the file was deleted/,
    );
    expect(await blobs()).toEqual(name === "config.json" ? [sha256(weights)] : []);
  },
);

test("two at once fetch once", async () => {
  const paths = await Promise.all([localFile("hf:o/n", options), localFile("hf:o/n", options)]);
  expect(paths[0]).toBe(paths[1]);
  expect(hub.elsewhere).toHaveLength(1);
});

test("offline: what is in the cache, or an error that says what is set", async () => {
  const offline = { ...options, env: { ...options.env, HF_HUB_OFFLINE: "1" } };
  await expect(localFile("hf:o/n", offline)).rejects.toThrow(
    `hf:o/n: model.safetensors of main is not in the cache ${cache}, and HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set`,
  );
  await localFile("hf:o/n", options);
  hub.asked = [];
  expect(await localFile("hf:o/n", offline)).toBe(join(folder(), "snapshots", A, "model.safetensors"));
  expect(hub.asked).toEqual([]);
  expect(said[1]).toContain("; the hub was not asked: HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set");
});

test("a hub that gives no answer: what is in the cache, and it is said", async () => {
  const gone = { ...options, retries: 0, env: { ...options.env, HF_ENDPOINT: "http://127.0.0.1:9" } };
  await expect(localFile("hf:o/n", gone)).rejects.toThrow(
    /http:\/\/127.0.0.1:9 gives no answer \(.+\); it is not in the cache/,
  );
  await localFile("hf:o/n", options);
  expect(await readFile(await localFile("hf:o/n", gone))).toEqual(weights);
  expect(said[1]).toContain("the hub was not asked: http://127.0.0.1:9 gives no answer");
});

test.each([
  ["hf:o/n@v2", {}, 'o/n has no revision "v2"'],
  ["hf:o/n/x.safetensors", {}, "the repository has no x.safetensors at main"],
  ["hf:o/none", {}, "there is no o/none; check the name"],
  [
    "hf:o/none",
    { HF_TOKEN: "" },
    "there is no o/none, or it is private (401): check the name, or set HF_TOKEN",
  ],
  ["hf:o/gated", { HF_TOKEN: "" }, "o/gated is gated: accept its conditions at "],
  ["hf:o/gated", {}, "the token that was sent may not read it: check HF_TOKEN"],
])("%s with %j: %s", async (address, env, message) => {
  hub.repositories.set("o/gated", { ...repository, gated: true, token: "other" });
  const all = { HF_TOKEN_PATH: join(root, "none"), ...options.env, ...env };
  await expect(localFile(address, { ...options, env: all })).rejects.toThrow(message);
  await expect(readdir(cache)).rejects.toThrow("ENOENT");
});

test("a token lies in a file too; a repository that moved is followed", async () => {
  hub.repositories.set("o/private", { ...repository, token: "secret" });
  hub.moved.set("o/old", "o/private");
  const file = join(root, "token");
  await writeFile(file, "secret\n");
  const env = { ...options.env, HF_TOKEN: "", HF_TOKEN_PATH: file };
  expect(await localFile("hf:o/old", { ...options, env })).toContain("models--o--old");
});

test("a pickle is refused, named or not", async () => {
  await expect(localFile("hf:o/n/pytorch_model.bin", options)).rejects.toThrow(
    "pytorch_model.bin is a pickle, which is a program",
  );
  await expect(localFile("hf:o/n/config.json", options)).rejects.toThrow(
    "expected a file that ends in .safetensors",
  );
  expect(hub.asked).toEqual([]);
  repository.files = { "pytorch_model.bin": weights };
  await expect(localFile("hf:o/n", options)).rejects.toThrow(
    "has its weights only as pytorch_model.bin, a pickle",
  );
  repository.files = {};
  await expect(localFile("hf:o/n", options)).rejects.toThrow(
    "has neither model.safetensors nor model.safetensors.index.json; name the file",
  );
  await expect(readdir(cache)).rejects.toThrow("ENOENT");
});

test("an index brings its shards; one that leads elsewhere is refused", async () => {
  const index = (file: string) =>
    Buffer.from(JSON.stringify({ weight_map: { w: file, b: "two.safetensors" } }));
  repository.files = { "one.safetensors": weights, "two.safetensors": config };
  repository.files["model.safetensors.index.json"] = index("one.safetensors");
  const path = await localFile("hf:o/n", options);
  expect((await readdir(join(path, ".."))).sort()).toEqual(Object.keys(repository.files).sort());
  repository.files["model.safetensors.index.json"] = index("../one.safetensors");
  repository.refs.main = B;
  await expect(localFile("hf:o/n", options)).rejects.toThrow(
    "its index names no files of safetensors beside it",
  );
});

test("an encoder is an ONNX file, without what lies beside weights", async () => {
  repository.files["onnx/model.onnx"] = weights;
  const path = await localFile("hf:o/n", { ...options, wanted: "encoder" });
  expect(path.endsWith(`${A}/onnx/model.onnx`)).toBe(true);
  expect(hub.asked.filter(({ path }) => path.endsWith("config.json"))).toEqual([]);
});
