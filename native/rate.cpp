// Coding rates with their closed-form gradients, as operators of libtorch.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>

#include "cholesky.h"
#include "digits.h"
#include "rates.h"

namespace vitrine {

using at::Tensor;

/** Matrix i of a batch [..., n, p] of any strides, as a view: transposed heads are not copied. */
static Tensor matrixAt(const Tensor& batch, int64_t i) {
  int64_t offset = batch.storage_offset();
  for (int64_t k = batch.dim() - 3; k >= 0; k--) {
    offset += i % batch.size(k) * batch.stride(k);
    i /= batch.size(k);
  }
  return batch.as_strided({batch.size(-2), batch.size(-1)}, {batch.stride(-2), batch.stride(-1)}, offset);
}

/** log det(I + G) of symmetric positive semidefinite G [..., d, d]; gradient (I + G)⁻¹. */
struct LogDet1p : torch::autograd::Function<LogDet1p> {
  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& G) {
    StayWide stayWide;
    const Tensor wide = widen(G);
    Tensor M = ((wide + wide.mT()) / 2).reshape({-1, G.size(-1), G.size(-1)});
    M.diagonal(0, -2, -1).add_(1);
    const auto [S, logdet] = invert(M);
    checkDigits(M, logdet, S);
    ctx->save_for_backward({G, S});
    return logdet.reshape(G.sizes().slice(0, G.dim() - 2));
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::variable_list grads) {
    StayWide stayWide;
    const auto saved = ctx->get_saved_variables();
    const Tensor &G = saved[0], S = saved[1];
    const Tensor outer = grads[0].unsqueeze(-1).unsqueeze(-1);
    if (at::GradMode::is_enabled()) {  // a second derivative is wanted: stay within what autograd knows
      const Tensor I = at::eye(G.size(-1), S.options());
      return {(outer * at::linalg_inv(I + (widen(G) + widen(G).mT()) / 2)).to(G.scalar_type())};
    }
    return {(outer * S.reshape(G.sizes())).to(G.scalar_type())};
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
      gramInto(G, isWide(W) ? V.t() : V);
      G.mul_(alpha).diagonal().add_(1);
    });
    return M;
  }

  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& W, double alpha) {
    StayWide stayWide;
    const Tensor M = identityPlusGram(W, alpha);
    const auto [S, logdet] = invert(M);
    checkDigits(M, logdet, S);
    ctx->save_for_backward({W, S});
    ctx->saved_data["alpha"] = alpha;
    return logdet.div_(2).reshape(W.sizes().slice(0, W.dim() - 2));
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::variable_list grads) {
    StayWide stayWide;
    const auto saved = ctx->get_saved_variables();
    const Tensor &W = saved[0], S = saved[1];
    const double alpha = ctx->saved_data["alpha"].toDouble();
    if (at::GradMode::is_enabled()) return {differentiable(W, alpha, grads[0]), Tensor()};
    return {gradient(W, S, grads[0].reshape(-1) * alpha), Tensor()};
  }

  /** outer W (I + α WᵀW)⁻¹ from the inverses; outer [b], α among it, scales the small matrix, not W. */
  static Tensor gradient(const Tensor& W, const Tensor& inverses, const Tensor& outer) {
    const bool wide = isWide(W);
    if (!W.is_cpu()) {
      const Tensor S = inverses.mul(outer.view({-1, 1, 1}));
      const Tensor V = widen(W).reshape({-1, W.size(-2), W.size(-1)});
      return (wide ? at::matmul(S, V) : at::matmul(V, S)).reshape(W.sizes()).to(W.scalar_type());
    }
    Tensor result = at::empty_like(W);
    overBatch(inverses.size(0), [&](int64_t i) {
      const Tensor S = inverses[i].mul(outer[i]), V = matrixAt(W, i);
      Tensor target = matrixAt(result, i);
      if (V.scalar_type() != S.scalar_type()) target.copy_(wide ? at::mm(S, widen(V)) : at::mm(widen(V), S));
      else if (wide) at::mm_out(target, S, V);
      else productInto(target, V, S);
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

Tensor codingRate(const Tensor& W, double alpha) {
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
