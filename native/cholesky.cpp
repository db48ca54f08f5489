// Gram matrices and Cholesky factors of a batch; every factorisation of the addon forgives and fails alike.
#include "cholesky.h"

#include <cmath>

namespace vitrine {

using at::Tensor;

Tensor widen(const Tensor& tensor) {
  const auto type = tensor.scalar_type();
  return type == at::kHalf || type == at::kBFloat16 ? tensor.to(at::kFloat) : tensor;
}

void gramInto(Tensor G, const Tensor& Y) {
  constexpr int64_t kBlock = 64;  // smaller blocks cost more in the products than they leave out
  const int64_t m = Y.size(0), half = m / 2;
  if (m <= kBlock || !Y.is_cpu()) {
    at::mm_out(G, Y, Y.t());
    return;
  }
  const Tensor first = Y.narrow(0, 0, half), second = Y.narrow(0, half, m - half);
  gramInto(G.narrow(0, 0, half).narrow(1, 0, half), first);
  gramInto(G.narrow(0, half, m - half).narrow(1, half, m - half), second);
  Tensor corner = G.narrow(0, half, m - half).narrow(1, 0, half);
  at::mm_out(corner, second, first.t());
}

Tensor factor(const Tensor& M) {
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

Tensor logdetOf(const Tensor& L) { return L.diagonal(0, -2, -1).log().sum(-1).mul(2); }

Tensor inverseOf(const Tensor& L) {
  if (!L.is_cpu()) return at::cholesky_inverse(L);
  Tensor inverse = at::empty_like(L);
  overBatch(L.size(0), [&](int64_t i) { inverse[i].copy_(at::cholesky_inverse(L[i])); });
  return inverse;
}

}  // namespace vitrine
