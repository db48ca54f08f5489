/** @file What this machine can do, and what to do where something is missing. Never throws, with or without libtorch. */

import { existsSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, freemem, totalmem } from "node:os";
import { resolve } from "node:path";
import { bfloat16Sets, bfloat16Speed } from "./bfloat16.ts";
import { addonRecord, PACKAGES, places, SETUP } from "./libtorch.ts";
import { type Native, native } from "./native.ts";
import { processorFlags } from "./processor-flags.ts";

export interface Finding {
  name: string;
  value: string;
  ok: boolean;
  /** What to do when it is not ok. */
  remedy?: string;
}

/** Examines Node, libtorch, the addon, the processor, memory, CUDA, images and data. */
export function doctor(): { lines: Finding[] } {
  const checks = [node, libtorch, addon, processor, bfloat16, threads, memory, cuda, sharp, data];
  return { lines: checks.map(careful) };
}

/** A check that fails is itself a finding. */
function careful(check: () => Finding): Finding {
  try {
    return check();
  } catch (error) {
    return fault(check.name, firstLine(error), SETUP);
  }
}

const fine = (name: string, value: string): Finding => ({ name, value, ok: true });
const fault = (name: string, value: string, remedy: string): Finding => ({ name, value, ok: false, remedy });
const firstLine = (error: unknown): string =>
  String(error instanceof Error ? error.message : error).split("\n")[0]!;
const GiB = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

function node(): Finding {
  const { version } = process;
  const [major, minor] = version.slice(1).split(".").map(Number) as [number, number];
  if (major > 20 || (major === 20 && minor >= 19)) return fine("node", version);
  return fault("node", version, "install Node 20.19 or later");
}

function libtorch(): Finding {
  const record = addonRecord();
  if (typeof record === "string") return fault("libtorch", `none in use; set-up looks in ${tried()}`, SETUP);
  return fine("libtorch", `${record.version} in ${record.libtorch} (${record.source})`);
}

/** The places that set-up looks in, in its order, with what is there now. */
function tried(): string {
  const { VITRINE_ADDON, VITRINE_LIBTORCH } = process.env;
  const there = (path: string): string => `${path} (${existsSync(path) ? "there" : "not there"})`;
  const looked = [
    VITRINE_ADDON === undefined ? undefined : `VITRINE_ADDON=${there(VITRINE_ADDON)}`,
    VITRINE_LIBTORCH === undefined
      ? "VITRINE_LIBTORCH (not set)"
      : `VITRINE_LIBTORCH=${there(VITRINE_LIBTORCH)}`,
    there(places().libtorch),
    "python's torch",
    `libtorch-dev ${there("/usr/include/torch")}`,
  ];
  return looked.filter((place) => place !== undefined).join(", ");
}

/** The addon, or why it cannot be had. */
function load(): Native | string {
  try {
    return native();
  } catch (error) {
    return firstLine(error);
  }
}

function addon(): Finding {
  const loaded = load();
  if (typeof loaded === "string") {
    // the message ends in its own remedy
    const [what, remedy = SETUP] = loaded.split(/; (?=(?:run|delete|install) )/) as [string, string?];
    return fault("addon", what, remedy);
  }
  const record = addonRecord();
  return fine("addon", typeof record === "string" ? "loaded" : record.addon);
}

const SETS = ["avx2", "avx512f", "avx512_bf16", "amx_bf16", "amx_tile", "asimd", "bf16"];

function processor(): Finding {
  const present = processorFlags();
  const sets = SETS.filter((set) => present.has(set)).join(", ");
  const loaded = load();
  const used = typeof loaded === "string" ? null : loaded.versions().capability;
  const model = cpus()[0]?.model ?? "unknown";
  return fine(
    "processor",
    `${model}; ${sets || "no vector sets known"}${used ? `; libtorch uses ${used}` : ""}`,
  );
}

function bfloat16(): Finding {
  const sets = bfloat16Sets().join(", ");
  if (sets === "") return fine("bfloat16", "emulated on this processor; keep --precision fp32");
  if (typeof load() === "string") return fine("bfloat16", `in hardware (${sets})`);
  const speed = bfloat16Speed();
  const advice = speed > 1 ? "--precision bf16 pays" : "keep --precision fp32";
  return fine(
    "bfloat16",
    `in hardware (${sets}); products at ${speed.toFixed(2)} times fp32's speed: ${advice}`,
  );
}

function threads(): Finding {
  const loaded = load();
  const count = `${cpus().length} processors`;
  if (typeof loaded === "string") return fine("threads", count);
  const used = `libtorch uses ${loaded.threads()}, ${count}`;
  if (loaded.versions().openmp) return fine("threads", `${used}, by OpenMP`);
  return fault("threads", `${used}; attention runs on one, without OpenMP`, SETUP);
}

function memory(): Finding {
  const value = `${GiB(freemem())} free of ${GiB(totalmem())}`;
  if (freemem() > 2 ** 30) return fine("memory", value);
  return fault("memory", value, "close something: small recipes want 1 GiB");
}

function cuda(): Finding {
  const loaded = load();
  if (typeof loaded === "string") return fine("cuda", "no: libtorch is not loaded");
  const { cuda, gpus, nccl } = loaded.versions();
  if (cuda) return fine("cuda", `${gpus} GPUs; ${nccl ? "with" : "without"} NCCL for several processes`);
  const device = existsSync("/dev/nvidia0") ? "there is a GPU, but" : "no GPU, and";
  return fine(
    "cuda",
    `no: ${device} this libtorch sees none (${loaded.versions().torch}, ${builtFor(loaded)})`,
  );
}

const builtFor = (loaded: Native): string =>
  /CUDA (Runtime|driver)|USE_CUDA=(1|ON)/.test(loaded.versions().config)
    ? "built for CUDA"
    : "built for the CPU";

function sharp(): Finding {
  const require = createRequire(import.meta.url);
  try {
    const { versions } = require("sharp") as { versions: Record<string, string> };
    return fine("images", `sharp ${versions.sharp ?? ""}, libvips ${versions.vips ?? ""}; ${jpegs()}`);
  } catch (error) {
    return fault("images", `sharp does not load: ${firstLine(error)}`, PACKAGES);
  }
}

function jpegs(): string {
  const loaded = load();
  if (typeof loaded !== "string" && loaded.decodeJpeg !== undefined) return "JPEGs by libjpeg-turbo";
  return "JPEGs by libvips; three times as fast once libjpeg62-turbo-dev is installed and set-up run again";
}

/** A folder that is not there yet is no fault: `data get` makes it. */
function data(): Finding {
  const folder = resolve(process.env.VITRINE_DATA || "data");
  if (!existsSync(folder)) return fine("data", `${folder} is not there yet; "vitrine data get" makes it`);
  if (!statSync(folder).isDirectory()) return fault("data", `${folder} is not a folder`, "set VITRINE_DATA");
  return fine("data", `${folder}: ${readdirSync(folder).join(", ") || "empty"}`);
}
