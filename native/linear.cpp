// Z Wᵀ + b without its input in memory where that can be made again, and ReLU(Z Wᵀ + b), ISTA's step, as one operator: without the
// tokens before the ReLU in memory of their own.
#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <ATen/ops/linear_native.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "gpu.h"
#include "kept_input.h"
#include "version.h"
#if TORCH_AT_LEAST(2, 0)
#include "replace.h"
#endif

namespace vitrine {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using Shift = c10::optional<Tensor>;

/** ReLU(Z Wᵀ + b) from a product that adds b and cuts before it writes: on a GPU the epilogue of cuBLASLt's product. */
static Tensor byEpilogue(const Tensor& Z, const Tensor& W, const Tensor& b) {
  auto sizes = Z.sizes().vec();
  sizes.back() = W.size(0);
  return at::_addmm_activation(b.contiguous(), Z.reshape({Z.numel() / W.size(1), W.size(1)}), W.t()).view(sizes);
}

/** What follows the product: nothing, a ReLU, or a ReLU in the product's epilogue. */
enum class Then { nothing, relu, epilogue };

/** Y = Z Wᵀ + b, or its ReLU; with G = g where Y > 0 and 0 elsewhere, or G = g without a ReLU, dZ = G W, dW = GᵀZ, db = Σ G. */
struct LinearMap : torch::autograd::Function<LinearMap> {
  static Tensor forward(AutogradContext* ctx, const Tensor& Z, const Tensor& W, const Shift& b, const KeptInput& kept, Then then) {
    const Tensor Y = then == Then::epilogue ? byEpilogue(Z, W, *b) : at::linear(Z, W, b);
    if (then == Then::relu) Y.relu_();
    variable_list saved{W, b ? *b : Tensor(), then == Then::nothing ? Tensor() : Y};
    saved.insert(saved.end(), kept.parts.begin(), kept.parts.end());
    ctx->save_for_backward(std::move(saved));
    return Y;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &W = saved[0], &b = saved[1], &Y = saved[2];
    const KeptInput kept{{saved.begin() + 3, saved.end()}};
    const auto isNeeded = [&](size_t i) { return (i < 2 || b.defined()) && ctx->needs_input_grad(i); };
    variable_list results(5);
    if (at::GradMode::is_enabled()) {  // a second derivative is wanted: stay within what autograd knows
      const Tensor Z = kept.differentiable(), linear = at::linear(Z, W, b.defined() ? Shift(b) : Shift());
      const variable_list all{Z, W, b};
      variable_list inputs;
      for (size_t i = 0; i < 3; i++)
        if (isNeeded(i)) inputs.push_back(all[i]);
      const auto found = torch::autograd::grad({Y.defined() ? linear.relu() : linear}, inputs, grads, true, true, true);
      size_t next = 0;
      for (size_t i = 0; i < 3; i++)
        if (isNeeded(i)) results[i] = found[next++];
      return results;
    }
    const Tensor G = Y.defined() ? at::threshold_backward(grads[0], Y, 0) : grads[0], rows = G.reshape({-1, G.size(-1)});
    if (isNeeded(0)) results[0] = at::matmul(G, W);
    if (isNeeded(1)) results[1] = at::mm(rows.t(), kept.input().reshape({-1, W.size(1)}));
    if (isNeeded(2)) results[2] = rows.sum(0);
    return results;
  }
};

#if TORCH_AT_LEAST(2, 0)
/** libtorch's linear map, which keeps less where its input is a layer normalisation's output. */
static Tensor linear(const Tensor& Z, const Tensor& W, const Shift& b) {
  const bool plain = W.dim() == 2 && W.scalar_type() == Z.scalar_type() && Z.dim() > 0 && Z.size(-1) == W.size(1);
  if (plain && at::GradMode::is_enabled() && W.requires_grad()) {
    const auto kept = KeptInput::of(Z);
    if (kept.isNormed()) return LinearMap::apply(Z, W, b && b->defined() ? b : Shift(), kept, Then::nothing);
  }
  return at::native::linear(Z, W, b);
}

void replaceLinear() {
  replacing<c10::DispatchKey::AutogradCPU>([](torch::Library& library) { library.impl("linear", linear); });
}
#else
void replaceLinear() {}
#endif

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
    return takes ? LinearMap::apply(Z, W, Shift(b), KeptInput{{Z}}, Then::epilogue) : at::linear(Z, W, b).relu();
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
  return LinearMap::apply(Z, W, Shift(b), KeptInput::of(Z), Then::relu);
}

}  // namespace vitrine

TORCH_LIBRARY_FRAGMENT(vitrine, library) {
  library.def("linear_relu(Tensor input, Tensor weight, Tensor bias) -> Tensor", &vitrine::linearRelu);
  // for tests and comparison: as a GPU computes it, on any device
  library.def("linear_relu.epilogue(Tensor input, Tensor weight, Tensor bias) -> Tensor", &vitrine::linearReluByEpilogue);
}
