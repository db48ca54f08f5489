// ReLU(Z Wᵀ + b) as one operator: ISTA's step, without the tokens before the ReLU in memory of their own.
#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "gpu.h"
#include "version.h"

namespace vitrine {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/** ReLU(Z Wᵀ + b) from a product that adds b and cuts before it writes: on a GPU the epilogue of cuBLASLt's product. */
static Tensor byEpilogue(const Tensor& Z, const Tensor& W, const Tensor& b) {
  auto sizes = Z.sizes().vec();
  sizes.back() = W.size(0);
  return at::_addmm_activation(b.contiguous(), Z.reshape({Z.numel() / W.size(1), W.size(1)}), W.t()).view(sizes);
}

/** Y = ReLU(Z Wᵀ + b); with G = g where Y > 0 and 0 elsewhere, dZ = G W, dW = GᵀZ, db = Σ G. */
struct LinearRelu : torch::autograd::Function<LinearRelu> {
  static Tensor forward(AutogradContext* ctx, const Tensor& Z, const Tensor& W, const Tensor& b, bool epilogue) {
    const Tensor Y = epilogue ? byEpilogue(Z, W, b) : at::linear(Z, W, b).relu_();
    ctx->save_for_backward({Z, W, b, Y});
    return Y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &Z = saved[0], &W = saved[1], &b = saved[2], &Y = saved[3];
    if (at::GradMode::is_enabled()) {  // a second derivative is wanted: stay within what autograd knows
      std::vector<Tensor> inputs;
      for (const Tensor& input : {Z, W, b})
        if (input.requires_grad()) inputs.push_back(input);
      const auto found = torch::autograd::grad({at::linear(Z, W, b).relu()}, inputs, grads, true, true, true);
      variable_list results(4);
      size_t next = 0;
      for (size_t i = 0; i < 3; i++)
        if (saved[i].requires_grad()) results[i] = found[next++];
      return results;
    }
    const Tensor G = at::threshold_backward(grads[0], Y, 0), rows = G.reshape({-1, G.size(-1)});
    const auto ifNeeded = [&](size_t i, const auto& gradient) { return ctx->needs_input_grad(i) ? gradient() : Tensor(); };
    return {ifNeeded(0, [&] { return at::matmul(G, W); }), ifNeeded(1, [&] { return at::mm(rows.t(), Z.reshape({-1, Z.size(-1)})); }),
            ifNeeded(2, [&] { return rows.sum(0); }), Tensor()};
  }
};

static void expectShapes(const Tensor& Z, const Tensor& W, const Tensor& b) {
  TORCH_CHECK(Z.dim() >= 1 && W.dim() == 2 && b.dim() == 1 && Z.size(-1) == W.size(1) && b.size(0) == W.size(0),
              "linear_relu expects Z [..., d], W [e, d] and b [e], got ", Z.sizes(), ", ", W.sizes(), " and ", b.sizes());
}

static at::ScalarType autocastType(at::DeviceType device) {
#if TORCH_AT_LEAST(2, 4)
  return at::autocast::get_autocast_dtype(device);
#else
  return device == at::kCUDA ? at::autocast::get_autocast_gpu_dtype() : at::autocast::get_autocast_cpu_dtype();
#endif
}

/** Autocast does not know the product with an epilogue, so what it does to a linear map is done here. */
static Tensor linearReluByEpilogue(const Tensor& Z, const Tensor& W, const Tensor& b) {
  expectShapes(Z, W, b);
  const auto device = Z.device().type();
  const auto key = device == at::kCUDA ? c10::DispatchKey::AutocastCUDA : c10::DispatchKey::AutocastCPU;
  const auto applied = [](const Tensor& Z, const Tensor& W, const Tensor& b) {
    const bool takes = Z.scalar_type() == W.scalar_type() && Z.numel() > 0;
    return takes ? LinearRelu::apply(Z, W, b, true) : at::linear(Z, W, b).relu();
  };
  if (!isAutocast(key)) return applied(Z, W, b);
  const auto cast = [&](const Tensor& X) { return at::autocast::cached_cast(autocastType(device), X, device); };
  const Tensor z = cast(Z), w = cast(W), shift = cast(b);
  const c10::impl::ExcludeDispatchKeyGuard plainly(key);
  return applied(z, w, shift);
}

static Tensor linearRelu(const Tensor& Z, const Tensor& W, const Tensor& b) {
  expectShapes(Z, W, b);
  if (Z.is_cuda() && ownKernelsOnGpu()) return linearReluByEpilogue(Z, W, b);
  // on a processor autocast chooses the numbers of what it knows
  if (!Z.is_cpu() || isAutocast(c10::DispatchKey::AutocastCPU) || Z.scalar_type() != W.scalar_type()) return at::linear(Z, W, b).relu();
  return LinearRelu::apply(Z, W, b, false);
}

}  // namespace vitrine

TORCH_LIBRARY_FRAGMENT(vitrine, library) {
  library.def("linear_relu(Tensor input, Tensor weight, Tensor bias) -> Tensor", &vitrine::linearRelu);
  // for tests and comparison: as a GPU computes it, on any device
  library.def("linear_relu.epilogue(Tensor input, Tensor weight, Tensor bias) -> Tensor", &vitrine::linearReluByEpilogue);
}
