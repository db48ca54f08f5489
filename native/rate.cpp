// Coding rates with their closed-form gradients, as operators of libtorch.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <cmath>

namespace vitrine {

using at::Tensor;

/** Rates are sums of logarithms: never below single precision. */
static Tensor widen(const Tensor& tensor) {
  const auto type = tensor.scalar_type();
  return type == at::kHalf || type == at::kBFloat16 ? tensor.to(at::kFloat) : tensor;
}

/** body(i) for every matrix of a batch, the batch in parallel: batched LAPACK on CPU is a serial loop. */
template <typename Body>
static void overBatch(int64_t count, Body body) {
  at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
    at::NoGradGuard noGrad;
    at::AutoDispatchBelowADInplaceOrView guard;
    for (int64_t i = begin; i < end; i++) body(i);
  });
}

/**
 * Lower Cholesky factors of I + G, G [b, d, d] symmetric positive semidefinite up to rounding. Where a factorisation
 * fails, the diagonal grows by 1e-6, 1e-4, 1e-2 of its mean; then it is an error. A G that is not finite gives NaN,
 * so that the training loop can say where it came from.
 */
static Tensor factor(const Tensor& G) {
  const auto d = G.size(-1);
  Tensor M = G.clone(at::MemoryFormat::Contiguous);
  M.diagonal(0, -2, -1).add_(1);
  Tensor L, info;
  if (M.is_cpu()) {
    L = at::empty_like(M);
    info = at::empty({M.size(0)}, M.options().dtype(at::kInt));
    overBatch(M.size(0), [&](int64_t i) {
      const auto [factor, status] = at::linalg_cholesky_ex(M[i]);
      L[i].copy_(factor);
      info[i].copy_(status);
    });
  } else {
    std::tie(L, info) = at::linalg_cholesky_ex(M);
  }
  if (!info.any().item<bool>()) return L;
  for (const double jitter : {1e-6, 1e-4, 1e-2}) {
    const Tensor bad = info.ne(0).nonzero().squeeze(1);
    const Tensor matrices = M.index_select(0, bad);
    const Tensor finite = matrices.isfinite().all(-1).all(-1);
    Tensor raised = matrices.clone();
    const Tensor mean = raised.diagonal(0, -2, -1).mean(-1, /*keepdim=*/true);
    raised.diagonal(0, -2, -1).add_(mean * jitter);
    auto [again, status] = at::linalg_cholesky_ex(raised);
    again.masked_fill_(finite.logical_not().view({-1, 1, 1}), std::nan(""));
    status.masked_fill_(finite.logical_not(), 0);
    L.index_copy_(0, bad, again);
    info.index_copy_(0, bad, status);
    if (!info.any().item<bool>()) return L;
  }
  const int64_t which = info.ne(0).nonzero()[0].item<int64_t>();
  TORCH_CHECK(false, "I + G is not positive definite, even with 1e-2 of its mean diagonal added: matrix ", which, " of ", M.size(0), ", d = ", d,
              ", largest entry ", M[which].abs().max().item<double>(), "; check the scale of the features or use float64");
}

/** log det(I + G) = 2 Σ log L_ii. */
static Tensor logdetOf(const Tensor& L) { return L.diagonal(0, -2, -1).log().sum(-1).mul(2); }

/** (I + G)⁻¹ from its Cholesky factors. */
static Tensor inverseOf(const Tensor& L) {
  if (!L.is_cpu()) return at::cholesky_inverse(L);
  Tensor inverse = at::empty_like(L);
  overBatch(L.size(0), [&](int64_t i) { inverse[i].copy_(at::cholesky_inverse(L[i])); });
  return inverse;
}

static Tensor flat(const Tensor& tensor) { return tensor.reshape({-1, tensor.size(-2), tensor.size(-1)}); }

/** log det(I + G) of symmetric positive semidefinite G [..., d, d]; gradient (I + G)⁻¹. */
struct LogDet1p : torch::autograd::Function<LogDet1p> {
  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& G) {
    const Tensor wide = widen(G);
    const Tensor symmetric = (wide + wide.mT()) / 2;
    const Tensor L = factor(flat(symmetric));
    ctx->save_for_backward({G, L});
    return logdetOf(L).reshape(G.sizes().slice(0, G.dim() - 2));
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &G = saved[0], L = saved[1];
    const Tensor outer = grads[0].unsqueeze(-1).unsqueeze(-1);
    if (at::GradMode::is_enabled()) {  // a second derivative is wanted: stay within what autograd knows
      const Tensor I = at::eye(G.size(-1), L.options());
      return {(outer * at::linalg_inv(I + (widen(G) + widen(G).mT()) / 2)).to(G.scalar_type())};
    }
    return {(outer * inverseOf(L).reshape(G.sizes())).to(G.scalar_type())};
  }
};

/**
 * R(W) = ½ log det(I + α WᵀW) of W [..., n, p], one sample per row, through the smaller of WᵀW and WWᵀ;
 * gradient α W (I + α WᵀW)⁻¹ = α (I + α WWᵀ)⁻¹ W.
 */
struct CodingRate : torch::autograd::Function<CodingRate> {
  static Tensor gram(const Tensor& W, bool wide) { return wide ? at::matmul(W, W.mT()) : at::matmul(W.mT(), W); }

  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& W, double alpha) {
    const bool wide = W.size(-2) < W.size(-1);
    const Tensor L = factor(gram(flat(widen(W)), wide).mul_(alpha));
    ctx->save_for_backward({W, L});
    ctx->saved_data["alpha"] = alpha;
    return logdetOf(L).div_(2).reshape(W.sizes().slice(0, W.dim() - 2));
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &W = saved[0], L = saved[1];
    const double alpha = ctx->saved_data["alpha"].toDouble();
    const bool wide = W.size(-2) < W.size(-1);
    const Tensor V = widen(W);
    if (at::GradMode::is_enabled()) {
      const Tensor scaled = V * (grads[0] * alpha).unsqueeze(-1).unsqueeze(-1);
      const Tensor I = at::eye(L.size(-1), L.options());
      const Tensor inverse = at::linalg_inv(I + alpha * gram(V, wide));
      return {(wide ? at::matmul(inverse, scaled) : at::matmul(scaled, inverse)).to(W.scalar_type()), Tensor()};
    }
    // the outer gradient and α scale the small matrix, not W
    const Tensor inverse = inverseOf(L).mul_((grads[0].reshape({-1, 1, 1}) * alpha));
    const Tensor product = wide ? at::matmul(inverse, flat(V)) : at::matmul(flat(V), inverse);
    return {product.reshape(W.sizes()).to(W.scalar_type()), Tensor()};
  }
};

static void checkMatrix(const Tensor& tensor, const char* name) {
  TORCH_CHECK(tensor.dim() >= 2, name, " expects a matrix or a batch of matrices, got ", tensor.dim(), " dimensions");
  TORCH_CHECK(tensor.is_floating_point(), name, " expects floating point, got ", tensor.scalar_type());
}

static Tensor codingRate(const Tensor& W, double alpha) {
  checkMatrix(W, "coding_rate");
  TORCH_CHECK(alpha > 0 && std::isfinite(alpha), "coding_rate expects alpha > 0, got ", alpha);
  return CodingRate::apply(W, alpha);
}

static Tensor logdet1p(const Tensor& G) {
  checkMatrix(G, "logdet1p");
  TORCH_CHECK(G.size(-1) == G.size(-2), "logdet1p expects square matrices, got ", G.sizes());
  return LogDet1p::apply(G);
}

}  // namespace vitrine

TORCH_LIBRARY(vitrine, library) {
  library.def("coding_rate(Tensor W, float alpha) -> Tensor", &vitrine::codingRate);
  library.def("logdet1p(Tensor G) -> Tensor", &vitrine::logdet1p);
}
