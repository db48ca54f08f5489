/** @file Operators that end the process when they are given what they do not expect: `aten` refuses them. */

/** Whose names match, and what they do. */
const REFUSED: readonly (readonly [names: RegExp, what: string])[] = [
  [/^(?!aten::|vitrine::)/, "is for a backend or a compiler, which checks what it passes"],
  [/^aten::_(?!_|foreach_)/, "is internal to libtorch, whose callers check what they pass"],
  [/_backward(_|$)/, "is called by gradients, which passes what it was built for"],
  [
    /^aten::(quantized_(lstm|gru|rnn)|mkldnn_rnn_layer)/,
    "reads weights that are packed for it, whatever it is given",
  ],
  [/^aten::native_group_norm$/, "divides by a size of 0; group_norm checks it"],
  [/^aten::_foreach_copy/, "reads beyond lists of unequal length"],
  [/^aten::special_\w+_polynomial_/, "takes as many steps as its degree, which may be without end"],
  [/^aten::from_file$/, "maps a file: one that is cut afterwards ends the process"],
];

/** What is wrong with calling an operator of this full name ("aten::add.Tensor") by hand, if anything. */
export function refusal(name: string): string | undefined {
  const plain = name.split(".")[0] as string;
  return REFUSED.find(([names]) => names.test(plain))?.[1];
}
