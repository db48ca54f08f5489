/** @file Operators that end the process when they are given what they do not expect: `aten` refuses them. */

/** Whose names match, and what they do. */
const REFUSED: readonly (readonly [names: RegExp, what: string])[] = [
  [/^(?!aten::|vitrine::)/, "is for a backend or a compiler, which checks what it passes"],
  [/^aten::_(?!_|foreach_|upsample_)/, "is internal to libtorch, whose callers check what they pass"],
  [/_backward(_|\.|$)/, "is called by gradients, which passes what it was built for"],
  [
    /^aten::(quantized_(lstm|gru|rnn)|mkldnn_rnn_layer)/,
    "reads weights that are packed for it, whatever it is given",
  ],
  [/\.\w*(out|grad_input)$/, "writes into a tensor of whose kind it is not sure; call it without out"],
  [/^aten::(lstm|gru|rnn_\w+)\.data$/, "trusts the lengths of a packed sequence"],
  [/^aten::lstm\.input$/, "trusts the shapes of its weights; lstm_cell checks them"],
  [
    /^aten::adaptive_(avg|max)_pool/,
    "counts to each size it is given, however large; avg_pool and mean do not",
  ],
  [/^aten::combinations$/, "makes a grid of as many dimensions as it is given, however many"],
  [/^aten::binomial$/, "does not end where a count is NaN"],
  [/^aten::native_(group|batch)_norm/, "trusts sizes that group_norm and batch_norm check"],
  [/^aten::_foreach_(copy|\w+\.ScalarList)/, "reads beyond lists of unequal length"],
  [/^aten::(fbgemm_|fused_moving_avg_|choose_qparams_)/, "trusts the caller of quantisation"],
  [/^aten::segment_reduce/, "writes where its offsets say, which it does not check"],
  [/^aten::special_\w+_polynomial_/, "takes as many steps as its degree, which may be without end"],
  [/^aten::(lu_unpack|batch_norm_update_stats)/, "trusts its pivots or sizes"],
  [/^aten::pdist/, "reads beyond a tensor without rows; cdist does not"],
  [/^aten::range(\.|$)/, "divides by a step that is cut to 0; arange does not"],
  [/^aten::linalg_eigvals(\.|$)/, "breaks memory where a number is not finite; linalg_eig checks it"],
  [/^aten::from_file(\.|$)/, "maps a file: one that is cut afterwards ends the process"],
];

/** What is wrong with calling an operator of this full name ("aten::add.Tensor") by hand, if anything. */
export function refusal(name: string): string | undefined {
  return REFUSED.find(([names]) => names.test(name))?.[1];
}
