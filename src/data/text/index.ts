/** @file Texts, their tokens, and blocks of them. */

export { blockStarts, blocksAt, randomBlocks, requireBlock } from "./blocks.ts";
export { type HeldOutTokens, holdOutTokens } from "./hold-out-tokens.ts";
export { readTokenizer } from "./read-tokenizer.ts";
export { isTextName, locateText, openText, splitText, TEXTS, type TextSet } from "./text-set.ts";
export {
  holdsTokens,
  openTokenFolder,
  TokenFile,
  type TokenFolder,
  type TokenMeta,
  type Tokens,
} from "./token-file.ts";
export { type TokenizeOptions, tokenizeFiles } from "./tokenize.ts";
export { Tokenizer, type Vocabulary } from "./tokenizer.ts";
export { parseTokenizer, tokenizerJson } from "./tokenizer-json.ts";
export { byteTokenizer, characterTokenizer, trainBpe } from "./train-tokenizer.ts";
