// What a linear map keeps of its input for the way back.
#pragma once
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/generated/Functions.h>

#include <utility>
#include <vector>

#include "norm_kernels.h"

namespace vitrine {

/**
 * The input itself, {Z}; or, where Z = LN(x) is a layer normalisation's output, what that keeps for its own way back,
 * {x, means, 1/σ, w, b}: Z is made of it again when the gradient of the map's weights asks for it, and takes no memory until then.
 */
struct KeptInput {
  using Tensor = at::Tensor;
  std::vector<Tensor> parts;

  bool isNormed() const { return parts.size() == 5; }

  static KeptInput of(const Tensor& Z) {
    const auto node = Z.grad_fn();
    const auto* norm = dynamic_cast<const Norm*>(node.get());
    if (norm == nullptr || norm->normalized_shape.size() != 1 || !isOfRows(Z)) return {{Z}};
    try {
      auto found = partsOf(*norm, node);
      const Tensor &x = found[0], &means = found[1], &scales = found[2];
      const bool fits = isOfRows(x) && x.scalar_type() == Z.scalar_type() && means.scalar_type() == at::kFloat && scales.scalar_type() == at::kFloat;
      if (fits) return {std::move(found)};
    } catch (const c10::Error&) {  // the norm has let go of it on its own way back, or x has changed since
    }
    return {{Z}};
  }

  /** Z. */
  Tensor input() const {
    if (!isNormed()) return parts[0];
    const Tensor &x = parts[0], w = single(3), b = single(4), Z = at::empty_like(x);
    const int64_t c = x.size(-1);
    const bool half = x.scalar_type() == at::kBFloat16;
    at::parallel_for(0, x.numel() / c, at::divup(at::internal::GRAIN_SIZE, c), [&](int64_t begin, int64_t end) {
      const float *means = parts[1].data_ptr<float>() + begin, *scales = parts[2].data_ptr<float>() + begin;
      const auto rows = [&](const auto& again, auto* from, auto* to) { again(from + begin * c, means, scales, w.data_ptr<float>(), b.data_ptr<float>(), end - begin, c, to + begin * c); };
      if (half) rows(normKernels().againHalf, static_cast<const uint16_t*>(x.data_ptr()), static_cast<uint16_t*>(Z.data_ptr()));
      else rows(normKernels().again, x.data_ptr<float>(), Z.data_ptr<float>());
    });
    return Z;
  }

  /** Z by operators that autograd knows, for second derivatives; ε is what 1/σ² has above the variance. */
  Tensor differentiable() const {
    if (!isNormed()) return parts[0];
    const Tensor x = parts[0].to(at::kFloat), centred = x - x.mean(-1, true), variance = (centred * centred).mean(-1, true);
    const Tensor epsilon = (1 / (parts[2] * parts[2]) - variance).detach();
    return (centred * at::rsqrt(variance + epsilon) * parts[3] + parts[4]).to(parts[0].scalar_type());
  }

 private:
  using Norm = torch::autograd::generated::NativeLayerNormBackward0;

  /** @throws c10::Error where the norm keeps them no longer. Node is a pointer of libtorch's, which changed its kind. */
  template <typename Node>
  static std::vector<Tensor> partsOf(const Norm& norm, const Node& node) {
    const Tensor x = norm.input_.unpack();
    return {x, norm.result1_.unpack(node).detach(), norm.result2_.unpack(node).detach(), orElse(norm.weight_.unpack(), x, 1), orElse(norm.bias_.unpack(), x, 0)};
  }
  /** Rows of single precision or bfloat16, one after the other. */
  static bool isOfRows(const Tensor& x) {
    return x.is_cpu() && x.dim() > 0 && x.numel() > 0 && x.is_contiguous() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
  }
  static Tensor orElse(const Tensor& w, const Tensor& x, float value) { return w.defined() ? w : at::full({x.size(-1)}, value, at::kFloat); }
  Tensor single(size_t i) const { return parts[i].detach().to(at::kFloat).contiguous(); }
};

}  // namespace vitrine
