/**
 * @file docs/equations.md from the `@see` tags in src/: paper, equation, symbol, and the tests whose titles begin with
 * the symbol and a colon. `node scripts/equations.mjs` writes it, `--check` exits 1 where it has fallen behind.
 */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "./place.mjs";
import { stop } from "./run.mjs";

/** Every paper that a tag may name: its title and arXiv number. */
const PAPERS = {
  "Yu et al. 2020": [
    "Learning Diverse and Discriminative Representations via the Principle of Maximal Coding Rate Reduction",
    "2006.08558",
  ],
  "Chan et al. 2022": [
    "ReduNet: A White-box Deep Network from the Principle of Maximizing Rate Reduction",
    "2105.10446",
  ],
  "Yu et al. 2023": ["White-Box Transformers via Sparse Rate Reduction", "2306.01129"],
  "Yu et al. 2024": [
    "White-Box Transformers via Sparse Rate Reduction: Compression Is All There Is?",
    "2311.13110",
  ],
  "Bai and Ma 2024": ["Improving Neuron-level Interpretability with White-box Language Models", "2410.16443"],
  "Yang et al. 2024": ["Scaling White-Box Transformers for Vision", "2405.20299"],
  "Wu et al. 2024": [
    "Token Statistics Transformer: Linear-Time Attention via Variational Rate Reduction",
    "2412.17810",
  ],
  "Wang et al. 2025": ["Attention-Only Transformers via Unrolled Subspace Denoising", "2506.03790"],
  "Pai et al. 2024": ["Masked Completion via Structured Diffusion with White-Box Transformers", "2404.02446"],
  "Yu and Chu et al. 2024": [
    "Emergence of Segmentation with Minimalistic White-Box Transformers",
    "2308.16271",
  ],
  "Wang et al. 2022": [
    "Self-Supervised Transformers for Unsupervised Object Discovery using Normalized Cut",
    "2202.11539",
  ],
  "Wang et al. 2023": [
    "Cut and Learn for Unsupervised Object Detection and Instance Segmentation",
    "2301.11320",
  ],
  "He et al. 2022": ["Masked Autoencoders Are Scalable Vision Learners", "2111.06377"],
  "Caron et al. 2021": ["Emerging Properties in Self-Supervised Vision Transformers", "2104.14294"],
  "Wu et al. 2025": ["Simplifying DINO via Coding Rate Regularization", "2502.10385"],
  "Dai et al. 2022": ["Closed-Loop Data Transcription to an LDR via Minimaxing Rate Reduction", "2111.06636"],
  "Tong et al. 2023": [
    "Incremental Learning of Structured Memory via Closed-Loop Transcription",
    "2202.05411",
  ],
  "Li et al. 2022": ["Neural Manifold Clustering and Embedding", "2201.10000"],
  "Ding et al. 2023": ["Unsupervised Manifold Linearizing and Clustering", "2301.01805"],
  "Chu et al. 2024": [
    "Image Clustering via the Principle of Rate Reduction in the Age of Pretrained Models",
    "2306.05272",
  ],
  "Dosovitskiy et al. 2021": [
    "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale",
    "2010.11929",
  ],
  "Devlin et al. 2019": [
    "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding",
    "1810.04805",
  ],
  "Sennrich et al. 2016": ["Neural Machine Translation of Rare Words with Subword Units", "1508.07909"],
  "Cuturi 2013": [
    "Sinkhorn Distances: Lightspeed Computation of Optimal Transportation Distances",
    "1306.0895",
  ],
  "Kingma and Ba 2015": ["Adam: A Method for Stochastic Optimization", "1412.6980"],
  "Loshchilov and Hutter 2019": ["Decoupled Weight Decay Regularization", "1711.05101"],
  "Clark et al. 2020": [
    "ELECTRA: Pre-training Text Encoders as Discriminators Rather Than Generators",
    "2003.10555",
  ],
  "Cubuk et al. 2020": [
    "RandAugment: Practical Automated Data Augmentation with a Reduced Search Space",
    "1909.13719",
  ],
  "You et al. 2017": ["Large Batch Training of Convolutional Networks", "1708.03888"],
  "Chen et al. 2023": ["Symbolic Discovery of Optimization Algorithms", "2302.06675"],
  "Liu et al. 2025": ["Muon is Scalable for LLM Training", "2502.16982"],
  "Kingma and Welling 2014": ["Auto-Encoding Variational Bayes", "1312.6114"],
  "Miyato et al. 2018": ["Spectral Normalization for Generative Adversarial Networks", "1802.05957"],
  "Salimans et al. 2016": ["Improved Techniques for Training GANs", "1606.03498"],
  "Rebuffi et al. 2017": ["iCaRL: Incremental Classifier and Representation Learning", "1611.07725"],
  "Li and Hoiem 2017": ["Learning without Forgetting", "1606.09282"],
  "Chaudhry et al. 2019": ["Efficient Lifelong Learning with A-GEM", "1812.00420"],
};

const COMMENT = /\/\*\*((?:(?!\*\/)[\s\S])*@see(?:(?!\*\/)[\s\S])*)\*\/\s*([^\n]*)/g;
const DECLARATION =
  /^(?:export )?(?:default )?(?:abstract |async |protected |static )*(?:class |function\*? |const |interface )?(\w+)/;
const CITATION = /^(\p{Lu}[\p{L}.' ]+ \d{4})(?:, "[^"]*")?(?:, (.*))?$/u;
const TEST = /\b(?:test|it)(?:\.\w+)*\(\s*(["'`])(\w+(?:, \w+)*): (.+?)\1/g;

const page = join(root, "docs", "equations.md");
const files = (folder, suffix) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(suffix))
    .map((name) => join(folder, name))
    .sort();

/** The tags of one file: { paper, equation, symbol, file }. */
function tags(file) {
  const found = [];
  for (const [, comment, next] of readFileSync(join(root, file), "utf8").matchAll(COMMENT)) {
    const symbol = DECLARATION.exec(next)?.[1] ?? stop(`${file}: no symbol after @see in "${next}"`);
    const text = comment.replaceAll(/^\s*\* ?/gm, "");
    for (const [, tag] of text.matchAll(/@see ([^@]+)/g)) {
      const citation = tag.replaceAll(/\s+/g, " ").trim();
      const [, paper, equation = "the method"] = CITATION.exec(citation) ?? [];
      if (PAPERS[paper] === undefined)
        stop(`${file}: @see ${citation}: expected one of ${Object.keys(PAPERS).join(", ")}, or add it here`);
      found.push({ paper, equation, symbol, file });
    }
  }
  return found;
}

/** Titles of the tests of a symbol, by file. */
function checks(symbol, tests) {
  return tests.flatMap(([file, source]) =>
    [...source.matchAll(TEST)]
      .filter(([, , symbols]) => symbols.split(", ").includes(symbol))
      .map(([, , , title]) => ({ file, title })),
  );
}

function write() {
  const sources = files("src", ".ts").filter((file) => !file.endsWith(".test.ts"));
  const rows = sources.flatMap(tags);
  const tests = [...files("src", ".test.ts"), ...files("test", ".test.ts")].map((file) => [
    file,
    readFileSync(join(root, file), "utf8"),
  ]);
  const link = (file, text) => `[${text}](${relative("docs", file)})`;
  const cell = (text) => text.replaceAll("|", "\\|");
  const line = ({ equation, symbol, file }) => {
    const found = checks(symbol, tests);
    if (found.length === 0) stop(`${file}: no test has a title that begins with "${symbol}: "`);
    const titles = found.map((check) => `${link(check.file, check.file)}: ${check.title}`);
    return `| ${cell(equation)} | ${link(file, `\`${symbol}\``)} | ${cell(titles.join("<br>"))} |`;
  };
  const sections = Object.entries(PAPERS).flatMap(([paper, [title, arxiv]]) => {
    const own = rows.filter((row) => row.paper === paper);
    if (own.length === 0) return [];
    const heading = `## ${paper}, [${title}](https://arxiv.org/abs/${arxiv})`;
    return [
      `${heading}\n\n| equation | in the code | checked by |\n| --- | --- | --- |\n${own.map(line).join("\n")}`,
    ];
  });
  return `${[
    "# Equations",
    "<!-- written from the @see tags in src/: node scripts/equations.mjs -->",
    "What each paper says, where it is in the code, and the test that holds the code to it. Every symbol with an `@see` tag has at least one such test; its title begins with the symbol's name.",
    ...sections,
  ].join("\n\n")}\n`;
}

const text = write();
if (!process.argv.includes("--check")) writeFileSync(page, text);
else if (readFileSync(page, "utf8") !== text)
  stop("docs/equations.md is not current; run node scripts/equations.mjs");
