// What operators compute on a GPU by kernels of our own. There where kGpuKernels says so.
#pragma once
#include <ATen/core/Tensor.h>

namespace vitrine {

#ifdef VITRINE_CUDA
constexpr bool kGpuKernels = true;
#else
constexpr bool kGpuKernels = false;
#endif

/** s = x + r, y = LN(s), with the means and 1 / √(var + ε) of the rows. */
struct NormedSum {
  at::Tensor s, y, means, scales;
};
/** Of contiguous float32 tensors [..., c], c at most 1024. */
NormedSum normedSumOnGpu(const at::Tensor& x, const at::Tensor& r, const at::Tensor& w, const at::Tensor& b, double epsilon);

struct NormGradients {
  at::Tensor dx, dw, db;
};
/** From the gradients g of y and `outer` of s, which may be undefined. */
NormGradients normedSumGradientsOnGpu(const at::Tensor& g, const at::Tensor& outer, const NormedSum& found, const at::Tensor& w);

/** Whether the kernel takes tokens W [b, n, heads, p] on a GPU: float32, and heads that fit into shared memory. */
bool attendsOnGpu(const at::Tensor& W);

struct Attended {
  at::Tensor out, logs;  // [b, n, heads, p], [b, n, heads]: log Σⱼ exp s_ij
};
/** softmax(scale W Wᵀ) W of contiguous tokens, scale > 0. */
Attended attendOnGpu(const at::Tensor& W, double scale, bool causal);

/** dW from the gradient g of `out`. */
at::Tensor attendGradientsOnGpu(const at::Tensor& W, const at::Tensor& g, const Attended& found, double scale, bool causal);

}  // namespace vitrine
