/** @file Where the hub and its cache are, and who asks: the variables of Hugging Face's own library. */

import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface HubPlaces {
  /** Address of the hub, without a slash at its end. */
  endpoint: string;
  /** Folder of the cache. */
  cache: string;
  /** Nothing is asked of the network. */
  offline: boolean;
  token?: string;
}

/**
 * HF_ENDPOINT; HF_HUB_CACHE, else `hub` in HF_HOME, else in ~/.cache/huggingface; HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE;
 * HF_TOKEN, else the file HF_TOKEN_PATH, else `token` in HF_HOME.
 */
export function hubPlaces(env: Environment = process.env): HubPlaces {
  const said = (name: string) => env[name]?.trim() || undefined;
  const path = (name: string) => said(name)?.replace(/^~(?=$|\/)/, homedir());
  const isOn = (name: string) => /^(1|on|yes|true)$/i.test(said(name) ?? "");
  const home = path("HF_HOME") ?? join(path("XDG_CACHE_HOME") ?? join(homedir(), ".cache"), "huggingface");
  const file = path("HF_TOKEN_PATH") ?? join(home, "token");
  const implicit = isOn("HF_HUB_DISABLE_IMPLICIT_TOKEN") ? undefined : (said("HF_TOKEN") ?? content(file));
  return {
    endpoint: (said("HF_ENDPOINT") ?? "https://huggingface.co").replace(/\/+$/, ""),
    cache: path("HF_HUB_CACHE") ?? path("HUGGINGFACE_HUB_CACHE") ?? join(home, "hub"),
    offline: isOn("HF_HUB_OFFLINE") || isOn("TRANSFORMERS_OFFLINE"),
    ...(implicit !== undefined && { token: implicit }),
  };
}

function content(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim() || undefined;
  } catch {
    return undefined; // nobody logged in here
  }
}
