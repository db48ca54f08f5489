// Softmax attention of tokens that are queries, keys and values at once, with its gradient, head by head.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <atomic>
#include <cmath>
#include <optional>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "attention.h"
#include "cholesky.h"
#include "cuda/kernels.h"
#include "gpu.h"
#include "version.h"

namespace vitrine {

using at::Tensor;

static Head headOf(const Tensor& W, double scale, bool causal, const Kernel& kernel) {
  return {W.size(1), W.size(3), W.size(2) * W.size(3), static_cast<float>(scale), causal, kernel.lanes};
}

/** body(number of the head, offset of its first number) for the heads of W [b, n, K, p] from begin to end. */
template <typename Body>
static void heads(const Tensor& W, int64_t begin, int64_t end, Body body) {
  const int64_t n = W.size(1), K = W.size(2), p = W.size(3);
  for (int64_t i = begin; i < end; i++) body(i, (i / K * n * K + i % K) * p);
}

/** Products of small weights become 0 while this is there: numbers below the normal range take a hundred times as long. */
struct NoDenormals {
#ifdef __x86_64__
  const unsigned before = _mm_getcsr();
  NoDenormals() { _mm_setcsr(before | 0x8040); }
  ~NoDenormals() { _mm_setcsr(before); }
#endif
};

/** Heads in parallel, with scratch of `floats` numbers each. */
template <typename Body>
static void overHeads(const Tensor& W, int64_t floats, Body body) {
  at::parallel_for(0, W.size(0) * W.size(2), 1, [&](int64_t begin, int64_t end) {
    const Tensor room = at::detail::empty_cpu({floats}, at::TensorOptions(at::kFloat));  // aligned to cache lines
    const NoDenormals small;
    heads(W, begin, end, [&](int64_t i, int64_t offset) { body(i, offset, room.data_ptr<float>()); });
  });
}

/** A tensor's number at an offset. */
static char* at(const Tensor& W, int64_t offset) { return static_cast<char*>(W.data_ptr()) + offset * W.element_size(); }

/**
 * softmax(scale W Wᵀ) W in operators that autograd knows: for other dtypes and devices, distant norms, second derivatives.
 * Half precisions are widened, and stay wide under autocast: scores of distant norms are large, and weights their exponentials.
 */
static Tensor explicitly(const Tensor& W, double scale, bool causal) {
  const StayWide stayWide;
  const bool half = W.scalar_type() == at::kBFloat16 || W.scalar_type() == at::kHalf;
  const Tensor rows = (half ? W.to(at::kFloat) : W).transpose(1, 2);
  Tensor scores = at::matmul(rows * scale, rows.mT());
  if (causal) scores = scores.masked_fill(at::ones({W.size(1), W.size(1)}, W.options().dtype(at::kBool).requires_grad(false)).triu(1), -INFINITY);
  return at::matmul(at::softmax(scores, -1), rows).transpose(1, 2).to(W.scalar_type());
}

/** A tensor as the kernels take it: contiguous, of floats or bfloat16. */
static Tensor plainly(const Tensor& W) { return (W.scalar_type() == at::kBFloat16 ? W : W.to(at::kFloat)).contiguous(); }

/** What the way there leaves for the way back, as the kernel made it. */
struct Mixed {
  Tensor out, kept;  // [b, n, K, p], [b, K, n]
};

/** None where some head's norms lie too far apart for the Gaussian form. */
static std::optional<Mixed> mix(const Tensor& W, double scale, bool causal, const std::string& name) {
  const Kernel kernel = attentionKernel(W.scalar_type() == at::kBFloat16, name);
  const Head head = headOf(W, scale, causal, kernel);
  const Mixed mixed{at::empty_like(W), at::empty({W.size(0), W.size(2), W.size(1)}, W.options().dtype(at::kFloat))};
  std::atomic<bool> narrow{true};
  overHeads(W, head.forwardRoom(), [&](int64_t i, int64_t offset, float* scratch) {
    if (narrow && !kernel.forward(at(W, offset), at(mixed.out, offset), mixed.kept.data_ptr<float>() + i * head.n, head, scratch)) narrow = false;
  });
  return narrow ? std::optional(mixed) : std::nullopt;
}

struct SelfAttention : torch::autograd::Function<SelfAttention> {
  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& W, const Mixed& mixed, double scale, bool causal, const std::string& name) {
    const Tensor out = mixed.out.to(W.scalar_type());
    ctx->save_for_backward({W, out, mixed.kept});
    ctx->saved_data["scale"] = scale;
    ctx->saved_data["causal"] = causal;
    ctx->saved_data["name"] = name;
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &given = saved[0], &kept = saved[2];
    const double scale = ctx->saved_data["scale"].toDouble();
    const bool causal = ctx->saved_data["causal"].toBool();
    torch::autograd::variable_list results(5);
    if (at::GradMode::is_enabled()) {
      results[0] = torch::autograd::grad({explicitly(given, scale, causal)}, {given}, grads, true, true)[0];
      return results;
    }
    const Tensor W = plainly(given), result = plainly(saved[1]), outer = plainly(grads[0]);
    const Kernel kernel = attentionKernel(W.scalar_type() == at::kBFloat16, ctx->saved_data["name"].toStringRef());
    const Head head = headOf(W, scale, causal, kernel);
    const Tensor out = at::empty_like(W);
    overHeads(W, head.backwardRoom(), [&](int64_t i, int64_t offset, float* scratch) {
      kernel.backward(at(W, offset), at(result, offset), at(outer, offset), kept.data_ptr<float>() + i * head.n, at(out, offset), head, scratch);
    });
    results[0] = out.to(given.scalar_type());
    return results;
  }
};

/** By the kernel for GPUs, which takes any spread of norms. */
struct SelfAttentionOnGpu : torch::autograd::Function<SelfAttentionOnGpu> {
  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& W, double scale, bool causal) {
    Attended found;
    if constexpr (kGpuKernels) found = attendOnGpu(W.contiguous(), scale, causal);
    ctx->save_for_backward({W, found.out, found.logs});
    ctx->saved_data["scale"] = scale;
    ctx->saved_data["causal"] = causal;
    return found.out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const double scale = ctx->saved_data["scale"].toDouble();
    const bool causal = ctx->saved_data["causal"].toBool();
    torch::autograd::variable_list results(3);
    if (at::GradMode::is_enabled()) results[0] = torch::autograd::grad({explicitly(saved[0], scale, causal)}, {saved[0]}, grads, true, true)[0];
    else if constexpr (kGpuKernels) results[0] = attendGradientsOnGpu(saved[0].contiguous(), grads[0].contiguous(), {saved[1], saved[2]}, scale, causal);
    return results;
  }
};

/** On a GPU: by our kernel where products are of float32 and stay so, else by libtorch's fused attention. */
static Tensor onGpu(const Tensor& W, double scale, bool causal) {
  if constexpr (kGpuKernels) {
    const bool plain = !isAutocast(c10::DispatchKey::AutocastCUDA) && !takesTF32() && scale > 0;
    if (plain && ownKernelsOnGpu() && attendsOnGpu(W)) return SelfAttentionOnGpu::apply(W, scale, causal);
  }
#if TORCH_AT_LEAST(2, 1)
  const Tensor rows = W.transpose(1, 2);
  return at::scaled_dot_product_attention(rows, rows, rows, {}, 0., causal, scale).transpose(1, 2);
#else
  return explicitly(W, scale, causal);
#endif
}

static Tensor selfAttentionOn(const Tensor& given, double scale, bool causal, c10::string_view name) {
  TORCH_CHECK(given.dim() == 4, "self_attention expects tokens [b, n, heads, p], got ", given.dim(), " dimensions");
  TORCH_CHECK(given.is_floating_point(), "self_attention expects floating point, got ", given.scalar_type());
  if (given.is_cuda()) return onGpu(given, scale, causal);
  if (given.is_cpu() && given.scalar_type() != at::kDouble && given.numel() > 0) {
    const std::string kernel(name.begin(), name.end());
    if (const auto mixed = mix(plainly(given.detach()), scale, causal, kernel)) return SelfAttention::apply(given, *mixed, scale, causal, kernel);
  }
  return explicitly(given, scale, causal);
}

static Tensor selfAttention(const Tensor& given, double scale, bool causal) { return selfAttentionOn(given, scale, causal, ""); }

}  // namespace vitrine

TORCH_LIBRARY_FRAGMENT(vitrine, library) {
  library.def("self_attention(Tensor W, float scale, bool causal=False) -> Tensor", &vitrine::selfAttention);
  // for tests: by a kernel of attention_kernels.cpp in place of the fastest
  library.def("self_attention.kernel(Tensor W, float scale, bool causal, str kernel) -> Tensor", &vitrine::selfAttentionOn);
}
