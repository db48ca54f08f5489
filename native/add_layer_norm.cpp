// x + r and its layer normalisation as one operator: on a GPU one pass over memory each way.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <array>
#include <tuple>

#include "cuda/kernels.h"
#include "gpu.h"

namespace vitrine {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/** The longest rows that the kernel for GPUs keeps in registers. */
constexpr int64_t kLongestRow = 1024;

static bool onGpu(const Tensor& x, const Tensor& w) {
  return kGpuKernels && x.is_cuda() && w.is_contiguous() && x.scalar_type() == at::kFloat && x.numel() > 0 && x.size(-1) <= kLongestRow;
}

/** The gradients in operators that autograd knows: for second derivatives. */
static NormGradients plainly(const Tensor& g, const Tensor& s, const Tensor& w, double epsilon) {
  const auto mean = [](const Tensor& x) { return x.mean(-1, true); };
  const Tensor centred = s - mean(s), scale = at::rsqrt(mean(centred * centred) + epsilon), unit = centred * scale, h = g * w;
  const auto overRows = [&](const Tensor& x) { return x.reshape({-1, x.size(-1)}).sum(0); };
  return {scale * (h - mean(h) - unit * mean(h * unit)), overRows(g * unit), overRows(g)};
}

/** s = x + r and y = LN(s). With g for y and g⁺ for s, dx = dr = g⁺ + LN's gradient for s. */
struct AddLayerNorm : torch::autograd::Function<AddLayerNorm> {
  static variable_list forward(AutogradContext* ctx, const Tensor& x, const Tensor& r, const Tensor& w, const Tensor& b, double epsilon) {
    NormedSum found;
    if constexpr (kGpuKernels) {
      if (onGpu(x, w)) found = normedSumOnGpu(x.contiguous(), r.contiguous(), w, b.contiguous(), epsilon);
    }
    if (!found.s.defined()) {
      found.s = x + r;
      std::tie(found.y, found.means, found.scales) = at::native_layer_norm(found.s, {w.size(0)}, w, b, epsilon);
    }
    ctx->save_for_backward({found.s, found.means, found.scales, w, b});
    ctx->saved_data["epsilon"] = epsilon;
    ctx->set_materialize_grads(false);
    return {found.s, found.y};
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const NormedSum found{saved[0], Tensor(), saved[1], saved[2]};
    const Tensor &outer = grads[0], &g = grads[1], &w = saved[3], &b = saved[4];
    if (!g.defined()) return {outer, outer, Tensor(), Tensor(), Tensor()};
    const std::array<bool, 3> wanted{true, ctx->needs_input_grad(2), ctx->needs_input_grad(3)};
    Tensor dx, dw, db;
    if (at::GradMode::is_enabled()) {
      const auto gradients = plainly(g, found.s, w, ctx->saved_data["epsilon"].toDouble());
      std::tie(dx, dw, db) = std::tuple(gradients.dx, gradients.dw, gradients.db);
      if (outer.defined()) dx = dx + outer;
    } else if (onGpu(found.s, w)) {
      if constexpr (kGpuKernels) {
        const auto gradients = normedSumGradientsOnGpu(g.contiguous(), outer.defined() ? outer.contiguous() : outer, found, w);
        std::tie(dx, dw, db) = std::tuple(gradients.dx, wanted[1] ? gradients.dw : Tensor(), wanted[2] ? gradients.db : Tensor());
      }
    } else {
      std::tie(dx, dw, db) = at::native_layer_norm_backward(g, found.s, {w.size(0)}, found.means, found.scales, w, b, wanted);
      if (outer.defined()) dx = dx + outer;
    }
    return {dx, dx, dw, db, Tensor()};
  }
};

static std::tuple<Tensor, Tensor> addLayerNorm(const Tensor& x, const Tensor& r, const Tensor& w, const Tensor& b, double epsilon) {
  TORCH_CHECK(x.dim() >= 1 && x.sizes() == r.sizes() && w.dim() == 1 && w.size(0) == x.size(-1) && b.sizes() == w.sizes(),
              "add_layer_norm expects x and r [..., c], weight and bias [c], got ", x.sizes(), ", ", r.sizes(), ", ", w.sizes(), " and ", b.sizes());
  const bool alike = x.scalar_type() == r.scalar_type() && x.scalar_type() == w.scalar_type() && x.numel() > 0;
  if (!alike || (x.is_cuda() && !ownKernelsOnGpu())) {
    const Tensor s = x + r;
    return {s, at::layer_norm(s, {w.size(0)}, w, b, epsilon)};
  }
  const auto found = AddLayerNorm::apply(x, r, w, b, epsilon);
  return {found[0], found[1]};
}

}  // namespace vitrine

TORCH_LIBRARY_FRAGMENT(vitrine, library) {
  library.def("add_layer_norm(Tensor x, Tensor r, Tensor weight, Tensor bias, float epsilon) -> (Tensor sum, Tensor normed)", &vitrine::addLayerNorm);
}
