/** @file Text files of any size to a folder of tokens: streamed, in threads, never more of them in memory than is on its way. */

import { createHash } from "node:crypto";
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync } from "node:fs";
import { availableParallelism } from "node:os";
import { extname, join } from "node:path";
import { DataError, UsageError } from "../../base/errors.ts";
import { writeAll, writeFileAtomic } from "../../base/write-file.ts";
import { WorkerPool } from "../worker-pool.ts";
import { type Piece, pieces } from "./pieces.ts";
import { readTokenizer } from "./read-tokenizer.ts";
import { ARRAYS, type TokenMeta } from "./token-file.ts";
import { textsToTokenize } from "./tokenize-inputs.ts";
import { tokenizerJson } from "./tokenizer-json.ts";

export interface TokenizeOptions {
  /** Files, or folders of them. */
  inputs: readonly string[];
  /** tokenizer.json, NAME.tiktoken, or vocab.bpe. */
  tokenizer: string;
  /** Folder that is made. */
  output: string;
  /** Of a row or line; "text" unless given. */
  field?: string;
  /** Share of the text, by characters, that is measured on where names do not say it; nanoGPT's 0.0005 unless given. */
  valShare?: number;
  /** Threads; as many as there are cores unless given. */
  workers?: number;
  /** Told of what is written: the file, its characters so far, and once they are all, their number. */
  progress?: (path: string, characters: number, all?: number) => void;
}

/** Characters that a thread is given at once. */
const AT_ONCE = 1 << 20;

/**
 * Writes train.bin, val.bin, tokenizer.json and, last, meta.json. Each document ends with `<|endoftext|>` where the
 * tokenizer has it.
 * @throws {UsageError} the folder has tokens already, or no input; {DataError} text that cannot be read or tokenized, names that
 * say two parts
 */
export async function tokenizeFiles(options: TokenizeOptions): Promise<TokenMeta> {
  const { output, field = "text", valShare = 0.0005, workers = availableParallelism(), progress } = options;
  if (!(valShare >= 0 && valShare < 1)) throw new UsageError(`val-share: expected 0 to 1, got ${valShare}`);
  if (existsSync(join(output, "meta.json")))
    throw new UsageError(`${output}: has tokens already; choose another folder`);
  const { files, held: named } = textsToTokenize(options.inputs, valShare);
  const tokenizer = readTokenizer(options.tokenizer);
  const { vocabulary, size } = tokenizer;
  const end = vocabulary.special.get("<|endoftext|>");
  const type = size <= 2 ** 16 ? "uint16" : "uint32";
  mkdirSync(output, { recursive: true });
  const script = new URL(`./tokenize-worker${extname(import.meta.url)}`, import.meta.url);
  const pool = new WorkerPool<Piece[], Int32Array[]>(script, workers, 600_000, { vocabulary, end });
  const parts = { train: new TokenWriter(output, "train", type), val: new TokenWriter(output, "val", type) };
  const counts = { all: 0, val: 0 };
  let file = { path: "", characters: 0 };
  const ahead: { batch: Batch; tokens: Promise<Int32Array[]> }[] = [];
  const write = async (): Promise<void> => {
    const { batch, tokens } = ahead.shift()!;
    const found = await tokens.catch((cause: Error) => {
      throw new DataError(`${batch.path}: ${cause.message}`, { path: batch.path, cause });
    });
    const { path } = batch;
    if (file.path !== path) file = { path, characters: 0 };
    for (const [i, { text }] of batch.pieces.entries()) {
      const held = named?.has(path) ?? counts.val < valShare * (counts.all + text.length);
      counts.all += text.length;
      if (held) counts.val += text.length;
      parts[held ? "val" : "train"].write(found[i]!);
      file.characters += text.length;
    }
    progress?.(path, file.characters);
  };
  try {
    for await (const batch of batched(files, field, vocabulary.merges.length > 0 && !vocabulary.words)) {
      const tokens = pool.run(batch.pieces);
      tokens.catch(() => {});
      ahead.push({ batch, tokens });
      if (ahead.length > 2 * workers) await write();
    }
    while (ahead.length > 0) await write();
    progress?.(file.path, file.characters, file.characters);
  } finally {
    await pool.close();
    for (const part of Object.values(parts)) part.close();
  }
  const text = tokenizerJson(tokenizer);
  const hash = (of: string): string => createHash("sha256").update(of).digest("hex");
  const [train, val] = [parts.train.finish(), parts.val.finish()];
  writeFileAtomic(join(output, "tokenizer.json"), text);
  const meta: TokenMeta = {
    ...{ format: "vitrine-tokens", version: 1, type, vocabulary: size, train: train.count, val: val.count },
    ...{ fingerprint: hash(train.sha256 + val.sha256), tokenizer: hash(text) },
  };
  writeFileAtomic(join(output, "meta.json"), `${JSON.stringify(meta, null, 2)}\n`);
  return meta;
}

interface Batch {
  path: string;
  pieces: Piece[];
}

async function* batched(files: readonly string[], field: string, whole: boolean): AsyncGenerator<Batch> {
  for (const path of files) {
    let [held, size]: [Piece[], number] = [[], 0];
    for await (const piece of pieces(path, field, whole)) {
      held.push(piece);
      size += piece.text.length;
      if (size < AT_ONCE) continue;
      yield { path, pieces: held };
      [held, size] = [[], 0];
    }
    if (held.length > 0) yield { path, pieces: held };
  }
}

/** A file of tokens that has its name when it is whole. */
class TokenWriter {
  private readonly path: string;
  private readonly file: number;
  private readonly hash = createHash("sha256");
  private count = 0;
  private open = true;

  constructor(
    folder: string,
    part: string,
    private readonly type: TokenMeta["type"],
  ) {
    this.path = join(folder, `${part}.bin`);
    this.file = openSync(`${this.path}.part`, "w");
  }

  write(tokens: Int32Array): void {
    const bytes = new Uint8Array(ARRAYS[this.type].from(tokens).buffer);
    writeAll(this.file, bytes);
    this.hash.update(bytes);
    this.count += tokens.length;
  }

  close(): void {
    if (this.open) closeSync(this.file);
    this.open = false;
  }

  finish(): { count: number; sha256: string } {
    const file = openSync(`${this.path}.part`, "r+");
    fsyncSync(file);
    closeSync(file);
    renameSync(`${this.path}.part`, this.path);
    return { count: this.count, sha256: this.hash.digest("hex") };
  }
}
