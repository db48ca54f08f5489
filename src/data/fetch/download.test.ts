import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { download } from "./download.ts";

const body = Buffer.from(Uint8Array.from({ length: 200_000 }, (_, i) => (i * i) >> 3));
const sum = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const checksum = { algorithm: "sha256", hex: sum(body) } as const;

let server: Server;
let url = "";
let root = "";
let path = "";
/** What the server does with the n-th request (from 0), and what it has been asked. */
let answer: (request: IncomingMessage, response: ServerResponse, n: number) => void;
let asked: { url: string; range: string | undefined; ifRange: string | undefined }[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-download-"));
  server = createServer((request, response) => {
    const { range, "if-range": ifRange } = request.headers;
    asked.push({ url: request.url!, range, ifRange: ifRange as string | undefined });
    answer(request, response, asked.length - 1);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(root, { recursive: true });
});
let serial = 0;
beforeEach(() => {
  asked = [];
  path = join(root, String(serial++), "file");
});
afterEach(() => {
  server.closeAllConnections();
});

/** A server as they should be: ranges for who names the right ETag. */
function good(request: IncomingMessage, response: ServerResponse, cut = body.length, etag = '"v1"'): void {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const partial = start > 0 && request.headers["if-range"] === etag;
  const from = partial ? start : 0;
  response.writeHead(partial ? 206 : 200, {
    "content-length": body.length - from,
    etag,
    ...(partial ? { "content-range": `bytes ${from}-${body.length - 1}/${body.length}` } : {}),
  });
  if (cut >= body.length) response.end(body.subarray(from));
  else response.write(body.subarray(from, cut), () => endAt(response, cut));
}

/** Ends a connection once the client has put so many bytes on its disk. */
async function endAt(response: ServerResponse, bytes: number): Promise<void> {
  const written = () =>
    stat(`${path}.part`).then(
      ({ size }) => size,
      () => 0,
    );
  while ((await written()) < bytes) await new Promise((resolve) => setTimeout(resolve, 2));
  response.destroy();
}

const options = { checksum, pause: 1 };
const files = async () => (await readdir(join(path, ".."))).sort();

test("a whole transfer reports its progress and leaves one file; the second call asks nobody", async () => {
  answer = (request, response) => good(request, response);
  const seen: [number, number | undefined][] = [];
  expect(await download(url, path, { ...options, progress: (...step) => seen.push(step) })).toBe(true);
  expect(sum(await readFile(path))).toBe(checksum.hex);
  expect(seen.at(-1)).toEqual([body.length, body.length]);
  expect(await files()).toEqual(["file"]);
  expect(await download(url, path, options)).toBe(false);
  expect(asked).toHaveLength(1);
});

test("an interrupted transfer goes on where it stopped, with If-Range", async () => {
  answer = (request, response, n) => good(request, response, [60_000, 120_000][n]);
  await download(url, path, options);
  expect(sum(await readFile(path))).toBe(checksum.hex);
  expect(asked.map(({ range, ifRange }) => [range, ifRange])).toEqual([
    [undefined, undefined],
    ["bytes=60000-", '"v1"'],
    ["bytes=120000-", '"v1"'],
  ]);
});

test("it also goes on in a later call, but not from another file", async () => {
  answer = (request, response, n) => good(request, response, n === 0 ? 60_000 : undefined);
  await expect(download(url, path, { ...options, retries: 0 })).rejects.toThrow(
    /cannot download .*--base-url/,
  );
  expect(await files()).toEqual(["file.part", "file.part.json"]);
  await download(url, path, options);
  expect(asked[1]?.range).toBe("bytes=60000-");

  path += "2";
  asked = [];
  answer = (request, response, n) => good(request, response, n === 0 ? 50_000 : undefined, `"v${n}"`);
  await download(url, path, options);
  expect(asked[1]).toMatchObject({ range: "bytes=50000-", ifRange: '"v0"' });
  expect(sum(await readFile(path))).toBe(checksum.hex);
});

test("a server without ranges, or without ETag, starts again", async () => {
  answer = (_, response, n) => {
    response.writeHead(200, {
      "content-length": body.length,
      "last-modified": "Thu, 01 Jan 2009 00:00:00 GMT",
    });
    if (n > 0) response.end(body);
    else response.write(body.subarray(0, 9000), () => endAt(response, 9000));
  };
  await download(url, path, options);
  expect(sum(await readFile(path))).toBe(checksum.hex);
  expect(asked[1]?.ifRange).toBe("Thu, 01 Jan 2009 00:00:00 GMT");

  path += "2";
  asked = [];
  answer = (_, response, n) => {
    response.writeHead(200, { "content-length": body.length });
    if (n > 0) response.end(body);
    else response.write(body.subarray(0, 9000), () => endAt(response, 9000));
  };
  await download(url, path, options);
  expect(asked.map(({ range }) => range)).toEqual([undefined, undefined]);
});

test("a wrong checksum deletes the file and says so; damage from before is forgiven once", async () => {
  answer = (_, response) => response.end("something else");
  await expect(download(url, path, options)).rejects.toThrow(`sha256 is not ${checksum.hex}`);
  expect(await files()).toEqual([]);
  expect(asked).toHaveLength(1);

  answer = (request, response) => good(request, response);
  asked = [];
  await writeFile(`${path}.part`, Buffer.alloc(70_000));
  await writeFile(`${path}.part.json`, JSON.stringify({ url, validator: '"v1"' }));
  await download(url, path, options);
  expect(asked.map(({ range }) => range)).toEqual(["bytes=70000-", undefined]);
  expect(sum(await readFile(path))).toBe(checksum.hex);
});

test("404 is final, 503 may pass, a refused range starts again", async () => {
  answer = (_, response) => response.writeHead(404).end();
  await expect(download(url, path, options)).rejects.toThrow("the server answers 404");
  expect(asked).toHaveLength(1);

  answer = (request, response, n) => (n < 3 ? response.writeHead(503).end() : good(request, response));
  await download(url, path, options);
  expect(asked).toHaveLength(4);

  path += "2";
  asked = [];
  await writeFile(`${path}.part`, Buffer.alloc(900_000));
  await writeFile(`${path}.part.json`, JSON.stringify({ url, validator: '"v1"' }));
  answer = (request, response) =>
    request.headers.range === undefined ? good(request, response) : response.writeHead(416).end();
  await download(url, path, options);
  expect(asked).toHaveLength(2);
});

test("redirects are followed with the range, but not for ever", async () => {
  answer = (request, response, n) => {
    if (request.url === "/file") response.writeHead(302, { location: "/elsewhere" }).end();
    else good(request, response, n === 1 ? 60_000 : undefined);
  };
  await download(url, path, options);
  expect(asked.map((a) => [a.url, a.range])).toEqual([
    ["/file", undefined],
    ["/elsewhere", undefined],
    ["/file", "bytes=60000-"],
    ["/elsewhere", "bytes=60000-"],
  ]);
  path += "2";
  answer = (_, response) => response.writeHead(301, { location: "/file" }).end();
  await expect(download(url, path, options)).rejects.toThrow("too many redirects");
});

test("silence, absence and an unwritable folder end with the reason", async () => {
  answer = () => {};
  await expect(download(url, path, { ...options, retries: 1, idle: 60 })).rejects.toThrow(
    "no byte for 0.06 s",
  );
  expect(asked).toHaveLength(2);
  await expect(download("http://127.0.0.1:1/file", path, { ...options, retries: 0 })).rejects.toThrow(
    "ECONNREFUSED",
  );
  await writeFile(join(root, "blocked"), "");
  const blocked = join(root, "blocked", "file");
  await expect(download(url, blocked, options)).rejects.toThrow(`cannot write ${blocked}`);
});

test("a body longer than published is left at once, however its length is told, and leaves nothing", async () => {
  const size = 50_000;
  let sent = 0;
  const endless = (response: ServerResponse): void => {
    sent += 10_000;
    if (!response.destroyed) response.write(Buffer.alloc(10_000), () => setImmediate(endless, response));
  };
  for (const headers of [{}, { "content-length": 10 ** 12 }]) {
    answer = (_, response) => {
      response.writeHead(200, { etag: '"v1"', ...headers });
      endless(response);
    };
    await expect(download(url, path, { ...options, size })).rejects.toThrow("sends more than 50000 bytes");
    expect(await files()).toEqual([]);
  }
  expect(asked).toHaveLength(2);
  expect(sent).toBeLessThan(10 ** 9);

  // more than is missing, after a part
  asked = [];
  await writeFile(`${path}.part`, body.subarray(0, 150_000));
  await writeFile(`${path}.part.json`, JSON.stringify({ url, validator: '"v1"' }));
  answer = (_, response) => {
    response.writeHead(206, { etag: '"v1"', "content-range": "bytes 150000-199999/200000" });
    response.end(Buffer.alloc(50_001));
  };
  await expect(download(url, path, { ...options, size: body.length })).rejects.toThrow("more than 200000");
  expect(await files()).toEqual([]);
});

test("another page under the address, a length that is a lie and a server that stalls end with the reason", async () => {
  const size = body.length;
  answer = (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<h1>404</h1>");
  await expect(download(url, path, { ...options, size })).rejects.toThrow("sent 12 bytes, expected 200000");
  expect(await files()).toEqual([]);
  expect(asked).toHaveLength(1);

  answer = (_, response) => {
    response
      .writeHead(200, { "content-length": size })
      .write(body.subarray(0, 1000), () => response.destroy());
  };
  await expect(download(url, path, { ...options, size, retries: 1 })).rejects.toThrow(/cannot download/);
  answer = (_, response) => {
    response.writeHead(200, { "content-length": size }).write(body.subarray(0, 1000));
  };
  await expect(download(url, path, { ...options, size, retries: 0, idle: 60 })).rejects.toThrow(
    /cannot download/,
  );
});
