// ReLU(Z Wᵀ + b) as one operator: ISTA's step, without the tokens before the ReLU in memory of their own.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

namespace vitrine {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/** Y = ReLU(Z Wᵀ + b); with G = g where Y > 0 and 0 elsewhere, dZ = G W, dW = GᵀZ, db = Σ G. */
struct LinearRelu : torch::autograd::Function<LinearRelu> {
  static Tensor forward(AutogradContext* ctx, const Tensor& Z, const Tensor& W, const Tensor& b) {
    const Tensor Y = at::linear(Z, W, b).relu_();
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
      variable_list results(3);
      size_t next = 0;
      for (size_t i = 0; i < 3; i++)
        if (saved[i].requires_grad()) results[i] = found[next++];
      return results;
    }
    const Tensor G = at::threshold_backward(grads[0], Y, 0), rows = G.reshape({-1, G.size(-1)});
    const auto ifNeeded = [&](size_t i, const auto& gradient) { return ctx->needs_input_grad(i) ? gradient() : Tensor(); };
    return {ifNeeded(0, [&] { return at::matmul(G, W); }), ifNeeded(1, [&] { return at::mm(rows.t(), Z.reshape({-1, Z.size(-1)})); }),
            ifNeeded(2, [&] { return rows.sum(0); })};
  }
};

static Tensor linearRelu(const Tensor& Z, const Tensor& W, const Tensor& b) {
  TORCH_CHECK(Z.dim() >= 1 && W.dim() == 2 && b.dim() == 1 && Z.size(-1) == W.size(1) && b.size(0) == W.size(0),
              "linear_relu expects Z [..., d], W [e, d] and b [e], got ", Z.sizes(), ", ", W.sizes(), " and ", b.sizes());
  // autocast chooses the numbers of what it knows
  const bool cast = !c10::impl::tls_is_dispatch_key_excluded(c10::DispatchKey::AutocastCPU);
  if (!Z.is_cpu() || cast || Z.scalar_type() != W.scalar_type()) return at::linear(Z, W, b).relu();
  return LinearRelu::apply(Z, W, b);
}

}  // namespace vitrine

TORCH_LIBRARY_FRAGMENT(vitrine, library) { library.def("linear_relu(Tensor input, Tensor weight, Tensor bias) -> Tensor", &vitrine::linearRelu); }
