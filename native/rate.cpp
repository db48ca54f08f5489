// Coding rates with their closed-form gradients, as operators of libtorch.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>

namespace vitrine {

using at::Tensor;

/** Rates are sums of logarithms: never below single precision. */
static Tensor widen(const Tensor& tensor) {
  const auto type = tensor.scalar_type();
  return type == at::kHalf || type == at::kBFloat16 ? tensor.to(at::kFloat) : tensor;
}

/** While it lives, autocast touches no product: a Gram matrix in bfloat16 has no log-determinant worth the name. */
struct StayWide {
  c10::impl::ExcludeDispatchKeyGuard guard{c10::autocast_dispatch_keyset};
};

/**
 * body(i) for every matrix of a batch. Batched LAPACK and strided products are serial loops on the CPU, so the batch
 * is shared out among the threads; with fewer matrices than threads, the threads share each matrix instead.
 */
template <typename Body>
static void overBatch(int64_t count, Body body) {
  const auto some = [&](int64_t begin, int64_t end) {  // the guards are per thread
    StayWide stayWide;
    at::NoGradGuard noGrad;
    at::AutoDispatchBelowADInplaceOrView belowAutograd;
    for (int64_t i = begin; i < end; i++) body(i);
  };
  if (count < at::get_num_threads()) some(0, count);
  else at::parallel_for(0, count, 1, some);
}

/** Matrix i of a batch [..., n, p] of any strides, as a view: transposed heads are not copied. */
static Tensor matrixAt(const Tensor& batch, int64_t i) {
  int64_t offset = batch.storage_offset();
  for (int64_t k = batch.dim() - 3; k >= 0; k--) {
    offset += i % batch.size(k) * batch.stride(k);
    i /= batch.size(k);
  }
  return batch.as_strided({batch.size(-2), batch.size(-1)}, {batch.stride(-2), batch.stride(-1)}, offset);
}

/** The lower triangle of Y Yᵀ; blocks above the diagonal are left out, as BLAS' syrk does, which ATen has not. */
static void gramInto(Tensor G, const Tensor& Y) {
  constexpr int64_t kBlock = 64;  // smaller blocks cost more in the products than they leave out
  const int64_t m = Y.size(0), half = m / 2;
  if (m <= kBlock) {
    at::mm_out(G, Y, Y.t());
    return;
  }
  const Tensor first = Y.narrow(0, 0, half), second = Y.narrow(0, half, m - half);
  gramInto(G.narrow(0, 0, half).narrow(1, 0, half), first);
  gramInto(G.narrow(0, half, m - half).narrow(1, half, m - half), second);
  Tensor corner = G.narrow(0, half, m - half).narrow(1, 0, half);
  at::mm_out(corner, second, first.t());
}

/**
 * Lower Cholesky factors of M = I + G [b, d, d], positive definite up to rounding; only the lower triangle is read.
 * Where a factorisation fails, the diagonal grows by 1e-6, 1e-4, 1e-2 of its mean; then it is an error. An M that is
 * not finite gives what is not finite, so that the training loop can say where it came from.
 */
static Tensor factor(const Tensor& M) {
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
  TORCH_CHECK(false, "I + G is not positive definite, even with 1e-2 of its mean diagonal added: matrix ", which, " of ", M.size(0), ", d = ", M.size(-1),
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

/** log det(I + G) of symmetric positive semidefinite G [..., d, d]; gradient (I + G)⁻¹. */
struct LogDet1p : torch::autograd::Function<LogDet1p> {
  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& G) {
    StayWide stayWide;
    const Tensor wide = widen(G);
    Tensor M = ((wide + wide.mT()) / 2).reshape({-1, G.size(-1), G.size(-1)});
    M.diagonal(0, -2, -1).add_(1);
    const Tensor L = factor(M);
    ctx->save_for_backward({G, L});
    return logdetOf(L).reshape(G.sizes().slice(0, G.dim() - 2));
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::variable_list grads) {
    StayWide stayWide;
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
  static bool isWide(const Tensor& W) { return W.size(-2) < W.size(-1); }
  static Tensor gram(const Tensor& V) { return isWide(V) ? at::matmul(V, V.mT()) : at::matmul(V.mT(), V); }

  /** I + α WᵀW, or I + α WWᵀ where that is smaller, [b, m, m]; on the CPU its lower triangle. */
  static Tensor identityPlusGram(const Tensor& W, double alpha) {
    const int64_t m = std::min(W.size(-2), W.size(-1)), count = c10::multiply_integers(W.sizes().slice(0, W.dim() - 2));
    if (!W.is_cpu()) {
      Tensor M = gram(widen(W)).mul_(alpha).reshape({count, m, m});
      M.diagonal(0, -2, -1).add_(1);
      return M;
    }
    Tensor M = at::zeros({count, m, m}, W.options().dtype(W.scalar_type() == at::kDouble ? at::kDouble : at::kFloat));
    overBatch(count, [&](int64_t i) {
      const Tensor V = widen(matrixAt(W, i)), G = M[i];
      gramInto(G, isWide(W) ? V : V.t());
      G.mul_(alpha).diagonal().add_(1);
    });
    return M;
  }

  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& W, double alpha) {
    StayWide stayWide;
    const Tensor L = factor(identityPlusGram(W, alpha));
    ctx->save_for_backward({W, L});
    ctx->saved_data["alpha"] = alpha;
    return logdetOf(L).div_(2).reshape(W.sizes().slice(0, W.dim() - 2));
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::variable_list grads) {
    StayWide stayWide;
    const auto saved = ctx->get_saved_variables();
    const Tensor &W = saved[0], L = saved[1];
    const double alpha = ctx->saved_data["alpha"].toDouble();
    if (at::GradMode::is_enabled()) return {differentiable(W, alpha, grads[0]), Tensor()};
    return {gradient(W, L, grads[0].reshape(-1) * alpha), Tensor()};
  }

  /** outer W (I + α WᵀW)⁻¹: the outer gradients [b], α among them, scale the small matrix, not W. */
  static Tensor gradient(const Tensor& W, const Tensor& L, const Tensor& outer) {
    const bool wide = isWide(W);
    if (!W.is_cpu()) {
      const Tensor S = at::cholesky_inverse(L).mul_(outer.view({-1, 1, 1}));
      const Tensor V = widen(W).reshape({-1, W.size(-2), W.size(-1)});
      return (wide ? at::matmul(S, V) : at::matmul(V, S)).reshape(W.sizes()).to(W.scalar_type());
    }
    Tensor result = at::empty_like(W);
    overBatch(L.size(0), [&](int64_t i) {
      const Tensor S = at::cholesky_inverse(L[i]).mul_(outer[i]), V = matrixAt(W, i);
      Tensor target = matrixAt(result, i);
      if (V.scalar_type() != S.scalar_type()) target.copy_(wide ? at::mm(S, widen(V)) : at::mm(widen(V), S));
      else if (wide) at::mm_out(target, S, V);
      else at::mm_out(target, V, S);
    });
    return result;
  }

  /** The same in operators that autograd knows, for second derivatives. */
  static Tensor differentiable(const Tensor& W, double alpha, const Tensor& outer) {
    const Tensor V = widen(W), scaled = V * (outer * alpha).unsqueeze(-1).unsqueeze(-1), G = gram(V);
    const Tensor inverse = at::linalg_inv(at::eye(G.size(-1), G.options()) + alpha * G);
    return (isWide(W) ? at::matmul(inverse, scaled) : at::matmul(scaled, inverse)).to(W.scalar_type());
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
