/** @file For tests: a folder of small runs, a studio over it, and questions as a browser asks them. */

import { request } from "node:http";
import { type Studio, type StudioOptions, startStudio } from "./server.ts";

export interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

export interface Answered {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  bytes: Buffer;
  json: <T>() => T;
}

/** A studio, and what asks it. `Host` and others can be set, which `fetch` does not let one do. */
export async function open(options: StudioOptions) {
  const studio = await startStudio({ cache: `${options.root}.cache`, ...options });
  const ask = (path: string, asked: Asked = {}) => askAt(studio, path, asked);
  const { headers } = await ask("/api/session", post({ token: studio.token }));
  const cookie = String(headers["set-cookie"]).split(";")[0]!;
  return {
    studio,
    cookie,
    ask,
    /** A question to libtorch, of a page that has the cookie. */
    put: (path: string, body: unknown) => {
      const given = post(body);
      return ask(path, { ...given, headers: { ...given.headers, cookie } });
    },
  };
}

export const post = (body: unknown): Required<Asked> => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

function askAt(
  { port }: Studio,
  path: string,
  { method = "GET", headers = {}, body }: Asked,
): Promise<Answered> {
  return new Promise((done, failed) => {
    const asked = request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () => {
        const bytes = Buffer.concat(parts);
        done({
          status: answer.statusCode!,
          headers: answer.headers,
          bytes,
          json: () => JSON.parse(bytes.toString()),
        });
      });
    });
    asked.on("error", failed);
    asked.end(body);
  });
}
