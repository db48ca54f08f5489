// Coding rates with their closed-form gradients, as operators of libtorch.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <cmath>

#include "spd.h"

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

/** The inverses X of the Cholesky factors of I + G, with log det(I + G); G may be changed. Raised as `factor` does. */
static InverseFactors inverseFactorsOf(Tensor G) {
  if (G.is_cpu()) {
    G.diagonal(0, -2, -1).add_(1);
    InverseFactors found = inverseFactors(G);
    if (found.logdet.isfinite().all().item<bool>()) return found;
    G.diagonal(0, -2, -1).sub_(1);
  }
  const Tensor L = factor(G);
  return {at::linalg_solve_triangular(L, at::eye(L.size(-1), L.options()), /*upper=*/false), logdetOf(L)};
}

/** XᵀX of lower triangular X [b, d, d], by halves: the products with the upper right, which is zero, are left out. */
static Tensor squareOf(const Tensor& X) {
  const auto d = X.size(-1), half = d / 2;
  if (d < 64) return at::bmm(X.mT(), X);
  const Tensor upper = X.narrow(1, 0, half).narrow(2, 0, half), lower = X.narrow(1, half, d - half);
  Tensor square = at::bmm(lower.mT(), lower);
  square.narrow(1, 0, half).narrow(2, 0, half).add_(at::bmm(upper.mT(), upper));
  return square;
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

/**
 * Rates of unions of segments. Segment s holds counts[s] rows of Z [N, d], listed by `order` one segment after the
 * other; entry r of the result is
 *
 *     ½ log det(I + Σₛ A_rs ZₛᵀZₛ),      gradient  ∂/∂Zₛ = Zₛ Σᵣ gᵣ A_rs (I + Σₛ A_rs ZₛᵀZₛ)⁻¹
 *
 * Every Gram is formed once whatever the number of unions it is in, and each row of Z is multiplied once on the way back.
 */
struct UnionRates : torch::autograd::Function<UnionRates> {
  /** out[s] = body(rows of segment s), the segments in parallel on the CPU. */
  template <typename Body>
  static void overSegments(const Tensor& sorted, const std::vector<int64_t>& counts, Body body) {
    std::vector<int64_t> starts(counts.size(), 0);
    for (size_t s = 1; s < counts.size(); s++) starts[s] = starts[s - 1] + counts[s - 1];
    const auto each = [&](int64_t s) { body(s, starts[s], sorted.narrow(0, starts[s], counts[s])); };
    if (sorted.is_cpu()) overBatch(counts.size(), each);
    else for (size_t s = 0; s < counts.size(); s++) each(s);
  }

  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& Z, const Tensor& order, std::vector<int64_t> counts,
                        const Tensor& A) {
    const auto d = Z.size(1), S = static_cast<int64_t>(counts.size());
    const Tensor sorted = widen(Z.index_select(0, order));
    const Tensor grams = at::zeros({S, d, d}, sorted.options());
    const auto half = d / 2;  // upper and lower half: the quarter on the upper right is never read
    overSegments(sorted, counts, [&](int64_t s, int64_t, const Tensor& rows) {
      Tensor upper = grams[s].narrow(0, 0, half).narrow(1, 0, half), lower = grams[s].narrow(0, half, d - half);
      at::mm_out(upper, rows.narrow(1, 0, half).t(), rows.narrow(1, 0, half));
      at::mm_out(lower, rows.narrow(1, half, d - half).t(), rows);
    });
    const Tensor mixed = at::mm(A.to(sorted), grams.view({S, d * d})).view({-1, d, d});
    const auto [X, logdet] = inverseFactorsOf(mixed);
    ctx->save_for_backward({Z, order, A, X, sorted});
    ctx->saved_data["counts"] = counts;
    return logdet.div(2);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &Z = saved[0], order = saved[1], X = saved[3], sorted = saved[4];
    const Tensor weights = grads[0].unsqueeze(1) * saved[2].to(X);  // [U, S]
    const auto counts = ctx->saved_data["counts"].toIntVector();
    const auto d = Z.size(1);
    if (at::GradMode::is_enabled()) {  // a second derivative is wanted: stay within what autograd knows
      const auto rows = widen(Z).index_select(0, order).split_with_sizes(counts);
      std::vector<Tensor> grams, products;
      for (const Tensor& part : rows) grams.push_back(at::mm(part.t(), part));
      const Tensor mixed = at::mm(saved[2].to(X), at::stack(grams).view({-1, d * d})).view({-1, d, d});
      const Tensor inverse = at::linalg_inv(at::eye(d, X.options()) + mixed);
      const Tensor M = at::mm(weights.t(), inverse.reshape({-1, d * d})).view({-1, d, d});
      for (size_t s = 0; s < rows.size(); s++) products.push_back(at::mm(rows[s], M[s]));
      const Tensor gradient = at::zeros(Z.sizes(), X.options()).index_copy(0, order, at::cat(products));
      return {gradient.to(Z.scalar_type()), Tensor(), Tensor(), Tensor()};
    }
    const Tensor M = at::mm(weights.t(), squareOf(X).view({-1, d * d})).view({-1, d, d});  // one matrix per segment
    const Tensor products = at::empty_like(sorted);
    overSegments(sorted, counts, [&](int64_t s, int64_t start, const Tensor& rows) {
      Tensor product = products.narrow(0, start, rows.size(0));
      at::mm_out(product, rows, M[s]);
    });
    if (order.size(0) < Z.size(0)) {
      const Tensor gradient = at::zeros(Z.sizes(), products.options()).index_copy_(0, order, products);
      return {gradient.to(Z.scalar_type()), Tensor(), Tensor(), Tensor()};
    }
    const Tensor place = at::empty_like(order).index_copy_(0, order, at::arange(order.size(0), order.options()));
    return {products.index_select(0, place).to(Z.scalar_type()), Tensor(), Tensor(), Tensor()};  // gathering is cheaper
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

static Tensor unionRates(const Tensor& Z, const Tensor& order, at::IntArrayRef counts, const Tensor& A) {
  TORCH_CHECK(Z.dim() == 2 && Z.is_floating_point(), "union_rates expects floating-point features [N, d], got ", Z.sizes());
  int64_t rows = 0;
  for (const auto count : counts) {
    TORCH_CHECK(count >= 0, "union_rates expects counts of at least 0, got ", count);
    rows += count;
  }
  TORCH_CHECK(order.dim() == 1 && order.size(0) == rows, "union_rates expects one index per row of a segment, got ", order.sizes(),
              " for ", rows, " rows");
  TORCH_CHECK(A.dim() == 2 && A.size(1) == static_cast<int64_t>(counts.size()), "union_rates expects weights [unions, ",
              counts.size(), "], got ", A.sizes());
  return UnionRates::apply(Z, order, counts.vec(), A);
}

}  // namespace vitrine

TORCH_LIBRARY(vitrine, library) {
  library.def("coding_rate(Tensor W, float alpha) -> Tensor", &vitrine::codingRate);
  library.def("logdet1p(Tensor G) -> Tensor", &vitrine::logdet1p);
  library.def("union_rates(Tensor Z, Tensor order, int[] counts, Tensor A) -> Tensor", &vitrine::unionRates);
}
