// What the operator of self-attention and its kernels, one for each instruction set, know of each other.
#pragma once

#include <cstdint>
#include <string>

namespace vitrine {

/** One head of one sample: n rows of p numbers, `step` apart; in scratch, padded to whole registers of `lanes` floats. */
struct Head {
  int64_t n, p, step;
  float scale;
  bool causal;
  int64_t lanes, padded = (n + lanes - 1) / lanes * lanes, width = (p + lanes - 1) / lanes * lanes;
  /** Floats of scratch: [n, p], [n, n] and [n]. */
  int64_t forwardRoom() const { return padded * (2 * width + padded + 3); }
  int64_t backwardRoom() const { return padded * (3 * width + 2 * padded + 5); }
};

/** Functions for tensors of floats or of bfloat16; `kept` has n numbers that the way back needs again. */
struct Kernel {
  /** False where the norms of the tokens lie too far apart, or a number is not finite: out is then not written. */
  bool (*forward)(const void* W, void* out, float* kept, const Head&, float* scratch);
  void (*backward)(const void* W, const void* result, const void* outer, const float* kept, void* out, const Head&, float* scratch);
  /** Floats of a register. */
  int64_t lanes;
};

/** The fastest kernel of this processor, or the one of that name. @throws std::invalid_argument there is none */
Kernel attentionKernel(bool bfloat16, const std::string& name = "");

}  // namespace vitrine
