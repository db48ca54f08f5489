// Factors of many small symmetric positive definite matrices at once.
#pragma once
#include <ATen/ATen.h>

namespace vitrine {

/** The inverses X of the lower Cholesky factors of M, so that M⁻¹ = XᵀX, and log det M. */
struct InverseFactors {
  at::Tensor X;       // [b, d, d], lower triangular
  at::Tensor logdet;  // [b], NaN where M is not positive definite
};

/**
 * M [b, d, d] on the CPU, float or double, of which the lower triangles are read. LAPACK takes one small matrix at a
 * time and loses most of the processor to it; here blocks of 32 are factored eight matrices side by side, and what
 * joins the blocks are batched products.
 */
InverseFactors inverseFactors(const at::Tensor& M);

}  // namespace vitrine
