// Gram matrices and Cholesky factors of a batch.
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
  if (!M.is_cpu()) {
    const auto [L, status] = at::linalg_cholesky_ex(M);
    return L.masked_fill(status.ne(0).view({-1, 1, 1}), std::nan(""));
  }
  Tensor L = at::empty_like(M);
  overBatch(M.size(0), [&](int64_t i) {
    const auto [factor, status] = at::linalg_cholesky_ex(M[i]);
    if (status.item<int>() == 0) L[i].copy_(factor);
    else L[i].fill_(std::nan(""));
  });
  return L;
}

Tensor logdetOf(const Tensor& L) { return L.diagonal(0, -2, -1).log().sum(-1).mul(2); }

Tensor inverseOf(const Tensor& L) {
  if (!L.is_cpu()) return at::cholesky_inverse(L);
  Tensor inverse = at::empty_like(L);
  overBatch(L.size(0), [&](int64_t i) { inverse[i].copy_(at::cholesky_inverse(L[i])); });
  return inverse;
}

}  // namespace vitrine
