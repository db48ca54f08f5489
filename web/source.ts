/** @file Where the page's files come from: a folder beside it, or the page itself. A server will be a third. */

import { type PageFacts, readFacts } from "../src/graph/index.ts";

export interface Source {
  facts(): Promise<PageFacts>;
  /** An ONNX file. */
  model(): Promise<Uint8Array>;
  /** Pictures of equal size, side by side. */
  samples(): Promise<Blob>;
}

/** Files of an exported folder, by addresses relative to the page. */
class FolderSource implements Source {
  async facts(): Promise<PageFacts> {
    return readFacts(await (await get("data/run.json")).text());
  }

  async model(): Promise<Uint8Array> {
    return new Uint8Array(await (await get("model/model.onnx")).arrayBuffer());
  }

  async samples(): Promise<Blob> {
    return (await get("data/samples.png")).blob();
  }
}

async function get(path: string): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path);
  } catch (cause) {
    const why =
      location.protocol === "file:"
        ? "a browser reads no files beside a page that was opened from a folder. Serve the folder (python3 -m http.server), or export one file with --format html"
        : "the server does not answer";
    throw new Error(`${path} cannot be read: ${why}.`, { cause });
  }
  if (response.ok) return response;
  throw new Error(
    `${path} cannot be read: the server says ${response.status}. Copy the whole exported folder.`,
  );
}

/** Files inside of the page: `<script type="text/plain" id="model">` in base64. */
class EmbeddedSource implements Source {
  async facts(): Promise<PageFacts> {
    return readFacts(new TextDecoder().decode(embedded("run")));
  }

  async model(): Promise<Uint8Array> {
    return embedded("model");
  }

  async samples(): Promise<Blob> {
    return new Blob([embedded("samples")], { type: "image/png" });
  }
}

function embedded(id: string): Uint8Array<ArrayBuffer> {
  const text = document.getElementById(id)?.textContent ?? "";
  return Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
}

/** The page's own source. */
export const sourceHere = (): Source =>
  document.getElementById("model") === null ? new FolderSource() : new EmbeddedSource();
