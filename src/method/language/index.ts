/** @file Language models: questions, learning, evaluation, writing text. */

export { type EvaluateTextOptions, evaluateText, type LanguageScores, unigramScores } from "./evaluate.ts";
export { type GenerateOptions, generateText, generateTokens, type SampleTextOptions } from "./generate.ts";
export { LanguageLearner, type LanguageLearnerOptions } from "./learner.ts";
export { answer, hideTokens, type MaskOptions, nextTokens, type Question } from "./objective.ts";
