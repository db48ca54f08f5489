// Softmax attention of tokens that are queries, keys and values at once, with its gradient: one pass over each head.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace vitrine {

using at::Tensor;

/** One head of one sample: n rows of p numbers, `step` apart; in scratch, padded to whole registers. */
struct Head {
  int64_t n, p, step;
  float scale;
  bool causal;
  int64_t padded = (n + 15) / 16 * 16, width = (p + 15) / 16 * 16;
};

using Spread = float (*)(const float* W, const Head&);
using Forward = void (*)(const float* W, float* out, const Head&, float* scratch);
using Backward = void (*)(const float* W, const float* result, const float* outer, float* out, const Head&, float* scratch);
struct Kernel {
  Spread spread;
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
    return {avx512::spread, avx512::forward, avx512::backward};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {avx2::spread, avx2::forward, avx2::backward};
#endif
  return {plain::spread, plain::forward, plain::backward};
}
static const Kernel kernel = choose();

/** uⱼ lies within exp(±spread): a term that matters must not leave the range of floats. */
constexpr float kSpread = 40;

static Head headOf(const Tensor& W, double scale, bool causal) {
  return {W.size(1), W.size(3), W.size(2) * W.size(3), static_cast<float>(scale), causal};
}

/** body(offset of a head's first number) for every head of W [b, n, K, p] from begin to end. */
template <typename Body>
static void heads(const Tensor& W, int64_t begin, int64_t end, Body body) {
  const int64_t n = W.size(1), K = W.size(2), p = W.size(3);
  for (int64_t i = begin; i < end; i++) body((i / K * n * K + i % K) * p);
}

/** Products of small weights become 0 while this is there: numbers below the normal range take a hundred times as long. */
struct NoDenormals {
#ifdef __x86_64__
  const unsigned before = _mm_getcsr();
  NoDenormals() { _mm_setcsr(before | 0x8040); }
  ~NoDenormals() { _mm_setcsr(before); }
#endif
};

/** Heads in parallel, with room for `floats` numbers each. */
template <typename Body>
static void overHeads(const Tensor& W, int64_t floats, Body body) {
  at::parallel_for(0, W.size(0) * W.size(2), 1, [&](int64_t begin, int64_t end) {
    const Tensor room = at::detail::empty_cpu({floats}, W.options());  // aligned to cache lines
    const NoDenormals small;
    heads(W, begin, end, [&](int64_t at) { body(at, room.data_ptr<float>()); });
  });
}

/** Whether the norms of every head's tokens lie near enough to each other; not where a number is not finite. */
static bool isNarrow(const Tensor& W, const Head& head) {
  std::atomic<bool> narrow{true};
  at::parallel_for(0, W.size(0) * W.size(2), 16, [&](int64_t begin, int64_t end) {
    heads(W, begin, end, [&](int64_t at) {
      if (!(kernel.spread(W.data_ptr<float>() + at, head) <= kSpread)) narrow = false;
    });
  });
  return narrow;
}

/** softmax(scale W Wᵀ) W in operators that autograd knows: for other dtypes and devices, distant norms, second derivatives. */
static Tensor explicitly(const Tensor& W, double scale, bool causal) {
  const Tensor rows = W.transpose(1, 2);
  Tensor scores = at::matmul(rows * scale, rows.mT());
  if (causal) scores = scores.masked_fill(at::ones({W.size(1), W.size(1)}, W.options().dtype(at::kBool).requires_grad(false)).triu(1), -INFINITY);
  return at::matmul(at::softmax(scores, -1), rows).transpose(1, 2);
}

struct SelfAttention : torch::autograd::Function<SelfAttention> {
  /** @param W what was given, as contiguous floats */
  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& given, const Tensor& W, double scale, bool causal) {
    const Head head = headOf(W, scale, causal);
    Tensor out = at::empty_like(W);
    overHeads(W, (2 * head.padded + 8) * head.width + (head.padded + 3) * head.padded, [&](int64_t at, float* scratch) {
      kernel.forward(W.data_ptr<float>() + at, out.data_ptr<float>() + at, head, scratch);
    });
    out = out.to(given.scalar_type());
    ctx->save_for_backward({given, out});
    ctx->saved_data["scale"] = scale;
    ctx->saved_data["causal"] = causal;
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor& given = saved[0];
    const double scale = ctx->saved_data["scale"].toDouble();
    const bool causal = ctx->saved_data["causal"].toBool();
    if (at::GradMode::is_enabled())
      return {torch::autograd::grad({explicitly(given, scale, causal)}, {given}, grads, true, true)[0], Tensor(), Tensor(), Tensor()};
    const Tensor W = given.to(at::kFloat).contiguous(), result = saved[1].to(at::kFloat).contiguous();
    const Tensor outer = grads[0].to(at::kFloat).contiguous();
    const Head head = headOf(W, scale, causal);
    Tensor out = at::empty_like(W);
    const int64_t floats = (4 * head.padded + 16) * head.width + (2 * head.padded + 20) * head.padded;
    overHeads(W, floats, [&](int64_t at, float* scratch) {
      kernel.backward(W.data_ptr<float>() + at, result.data_ptr<float>() + at, outer.data_ptr<float>() + at, out.data_ptr<float>() + at, head, scratch);
    });
    return {out.to(given.scalar_type()), Tensor(), Tensor(), Tensor()};
  }
};

static Tensor selfAttention(const Tensor& given, double scale, bool causal) {
  TORCH_CHECK(given.dim() == 4, "self_attention expects tokens [b, n, heads, p], got ", given.dim(), " dimensions");
  TORCH_CHECK(given.is_floating_point(), "self_attention expects floating point, got ", given.scalar_type());
  if (given.is_cpu() && given.scalar_type() != at::kDouble && given.numel() > 0) {
    const Tensor W = given.detach().to(at::kFloat).contiguous();
    if (isNarrow(W, headOf(W, scale, causal))) return SelfAttention::apply(given, W, scale, causal);
  }
  return explicitly(given, scale, causal);
}

}  // namespace vitrine

TORCH_LIBRARY_FRAGMENT(vitrine, library) {
  library.def("self_attention(Tensor W, float scale, bool causal=False) -> Tensor", &vitrine::selfAttention);
}
