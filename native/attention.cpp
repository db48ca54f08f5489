// Softmax attention of tokens that are queries, keys and values at once, with its gradient: one pass over each head.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>

namespace vitrine {

using at::Tensor;

/** One head of one sample: n rows of p numbers, `step` apart; in scratch, padded to whole registers. */
struct Head {
  int64_t n, p, step;
  float scale;
  int64_t padded = (n + 15) / 16 * 16, width = (p + 15) / 16 * 16;
};

using Forward = void (*)(const float* W, float* out, const Head&, float* scratch);
using Backward = void (*)(const float* W, const float* outer, float* out, const Head&, float* scratch);
struct Kernel {
  Forward forward;
  Backward backward;
};

static const int32_t kLanes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

#ifdef __x86_64__
#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")
namespace avx512 {
constexpr int kWidth = 16, kRows = 8;
#include "attention_kernel.h"
}  // namespace avx512
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
constexpr int kWidth = 8, kRows = 4;
#include "attention_kernel.h"
}  // namespace avx2
#pragma GCC pop_options
#endif
namespace plain {
constexpr int kWidth = 4, kRows = 4;
#include "attention_kernel.h"
}  // namespace plain

static Kernel choose() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
    return {avx512::forward, avx512::backward};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {avx2::forward, avx2::backward};
#endif
  return {plain::forward, plain::backward};
}
static const Kernel kernel = choose();

/** body(offset of a head's first number, head, scratch) for every head of W [b, n, K, p], heads in parallel. */
template <typename Body>
static void overHeads(const Tensor& W, double scale, int64_t scratch(const Head&), Body body) {
  const int64_t n = W.size(1), K = W.size(2), p = W.size(3);
  const Head head{n, p, K * p, static_cast<float>(scale)};
  at::parallel_for(0, W.size(0) * K, 1, [&](int64_t begin, int64_t end) {
    const Tensor room = at::detail::empty_cpu({scratch(head)}, W.options());  // aligned to cache lines
    for (int64_t i = begin; i < end; i++) body((i / K * n * K + i % K) * p, head, room.data_ptr<float>());
  });
}

/** softmax(scale W Wᵀ) W in operators that autograd knows: for other dtypes, other devices, second derivatives. */
static Tensor explicitly(const Tensor& W, double scale) {
  const Tensor rows = W.transpose(1, 2);
  return at::matmul(at::softmax(at::matmul(rows * scale, rows.mT()), -1), rows).transpose(1, 2);
}

struct SelfAttention : torch::autograd::Function<SelfAttention> {
  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& given, double scale) {
    const Tensor W = given.to(at::kFloat).contiguous();
    ctx->save_for_backward({given});
    ctx->saved_data["scale"] = scale;
    Tensor out = at::empty_like(W);
    const auto size = [](const Head& z) { return (3 * z.padded + 16) * z.width + 16 * z.padded; };
    overHeads(W, scale, size, [&](int64_t at, const Head& head, float* scratch) {
      kernel.forward(W.data_ptr<float>() + at, out.data_ptr<float>() + at, head, scratch);
    });
    return out.to(given.scalar_type());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::variable_list grads) {
    const Tensor given = ctx->get_saved_variables()[0];
    const double scale = ctx->saved_data["scale"].toDouble();
    if (at::GradMode::is_enabled()) return {torch::autograd::grad({explicitly(given, scale)}, {given}, grads, true, true)[0], Tensor()};
    const Tensor W = given.to(at::kFloat).contiguous(), outer = grads[0].to(at::kFloat).contiguous();
    Tensor out = at::empty_like(W);
    const auto size = [](const Head& z) { return 4 * z.padded * z.width + (2 * z.padded + 1) * z.padded; };
    overHeads(W, scale, size, [&](int64_t at, const Head& head, float* scratch) {
      kernel.backward(W.data_ptr<float>() + at, outer.data_ptr<float>() + at, out.data_ptr<float>() + at, head, scratch);
    });
    return {out.to(given.scalar_type()), Tensor()};
  }
};

static Tensor selfAttention(const Tensor& W, double scale) {
  TORCH_CHECK(W.dim() == 4, "self_attention expects tokens [b, n, heads, p], got ", W.dim(), " dimensions");
  TORCH_CHECK(W.is_floating_point(), "self_attention expects floating point, got ", W.scalar_type());
  const bool here = W.is_cpu() && W.scalar_type() != at::kDouble && W.numel() > 0;
  return here ? SelfAttention::apply(W, scale) : explicitly(W, scale);
}

}  // namespace vitrine

TORCH_LIBRARY_FRAGMENT(vitrine, library) {
  library.def("self_attention(Tensor W, float scale) -> Tensor", &vitrine::selfAttention);
}
