// The arithmetic of layer normalisation over rows of c numbers.
#pragma once

#include <cstdint>

namespace vitrine {

/** Functions for one instruction set; w and b have c numbers. */
struct NormKernels {
  /** y = (x − mean) rstd w + b of each row, with rstd = 1 / √(var + ε) and the biased variance. */
  void (*forward)(const float* X, const float* w, const float* b, int64_t rows, int64_t c, float epsilon, float* Y, float* means, float* rstds);
  /** y again, of what it left behind. */
  void (*again)(const float* X, const float* means, const float* rstds, const float* w, const float* b, int64_t rows, int64_t c, float* Y);
  /** The same for bfloat16. */
  void (*againHalf)(const uint16_t* X, const float* means, const float* rstds, const float* w, const float* b, int64_t rows, int64_t c, uint16_t* Y);
  /** dx of each row; what the rows add to dw and db goes there. */
  void (*backward)(const float* G, const float* X, const float* means, const float* rstds, const float* w, int64_t rows, int64_t c, float* dX, float* dw, float* db);
};

/** Those of the fastest instruction set that this processor has. */
const NormKernels& normKernels();

}  // namespace vitrine
