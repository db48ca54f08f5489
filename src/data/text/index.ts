/** @file Texts, their tokens, and blocks of them. */

export { blockStarts, blocksAt, randomBlocks, requireBlock } from "./blocks.ts";
export { isTextName, openText, splitText, TEXTS, type TextSet } from "./text-set.ts";
export { Tokenizer, type Vocabulary } from "./tokenizer.ts";
export { parseTokenizer, tokenizerJson } from "./tokenizer-json.ts";
export { byteTokenizer, characterTokenizer, trainBpe } from "./train-tokenizer.ts";
