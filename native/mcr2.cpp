// Maximal coding rate reduction from labels: value and gradient without a tensor per class.
#include <torch/library.h>

#include <algorithm>
#include <cmath>

#include "environment.h"
#include "rates.h"

namespace vitrine {

using at::Tensor;

/** Which samples each class has. */
struct Classes {
  std::vector<int64_t> labels, counts, places;  // place: position of a sample within its class

  Classes(const Tensor& given, int64_t classes) : counts(classes, 0) {
    const Tensor flat = given.to(at::kCPU, at::kLong).reshape(-1).contiguous();
    labels.assign(flat.data_ptr<int64_t>(), flat.data_ptr<int64_t>() + flat.numel());
    for (size_t i = 0; i < labels.size(); i++) {
      if (labels[i] < 0 || labels[i] >= classes)
        throw Misuse("labels: expected 0 ≤ label < " + std::to_string(classes) + " classes, got " + std::to_string(labels[i]) +
                     " for sample " + std::to_string(i));
      places.push_back(counts[labels[i]]++);
    }
  }

  /** The samples, class after class: int64 [n]. */
  Tensor order() const {
    std::vector<int64_t> next(counts.size(), 0);
    for (size_t k = 1; k < counts.size(); k++) next[k] = next[k - 1] + counts[k - 1];
    Tensor order = at::empty({static_cast<int64_t>(labels.size())}, at::kLong);
    for (size_t i = 0; i < labels.size(); i++) order.data_ptr<int64_t>()[next[labels[i]] + places[i]] = i;
    return order;
  }
};

/** ½ log det(I + factorₖ ZₖᵀZₖ) of every class: [K]. Of many small classes ZₖZₖᵀ is the smaller matrix. */
static Tensor smallClassRates(const Tensor& Z, const Classes& classes, const std::vector<double>& factors) {
  const int64_t n = Z.size(0), d = Z.size(1), K = classes.counts.size();
  const int64_t largest = *std::max_element(classes.counts.begin(), classes.counts.end());
  const Tensor slots = at::empty({n}, at::kLong), scales = at::empty({n, 1}, at::kDouble);
  for (int64_t i = 0; i < n; i++) {
    slots.data_ptr<int64_t>()[i] = classes.labels[i] * largest + classes.places[i];
    scales.data_ptr<double>()[i] = std::sqrt(factors[classes.labels[i]]);
  }
  const Tensor empty = at::zeros({K * largest, d}, Z.options().requires_grad(false));
  return codingRate(empty.index_copy(0, slots.to(Z.device()), Z * scales.to(Z.options().requires_grad(false))).view({K, largest, d}), 1);
}

/**
 * With R_γ(Z) = ½ log det(I + γ d/(n ε²) ZᵀZ) and Rᶜ(Z) = Σₖ nₖ/(2n) log det(I + d/(nₖ ε²) ZₖᵀZₖ), a class without samples
 * adding nothing: Rᶜ − γ₂ R_γ₁, R_γ₁, Rᶜ, R₁.
 */
static Tensor mcr2(const Tensor& Z, const Tensor& labels, int64_t K, double epsSq, double gamma1, double gamma2) {
  TORCH_CHECK(Z.dim() == 2 && Z.is_floating_point() && labels.numel() == Z.size(0) && Z.size(0) > 0,
              "mcr2 expects features [n, d] and n labels, got ", Z.sizes(), " ", Z.scalar_type(), " and ", labels.numel(), " labels");
  TORCH_CHECK(epsSq > 0 && gamma1 > 0 && gamma2 > 0, "mcr2 expects eps_squared, gamma1, gamma2 > 0, got ", epsSq, ", ", gamma1, ", ", gamma2);
  const int64_t n = Z.size(0), d = Z.size(1), wholes = gamma1 == 1 ? 1 : 2, rows = wholes + K;
  const Classes classes(labels, K);
  const double whole = d / (n * epsSq);
  std::vector<double> factors(K);
  for (int64_t k = 0; k < K; k++) factors[k] = d / (std::max<int64_t>(classes.counts[k], 1) * epsSq);

  Tensor rates;  // R_γ₁, R₁ where it is another, classes
  if (K * d > 2 * n) {
    std::vector<Tensor> all = {codingRate(Z, gamma1 * whole).view(1)};
    if (wholes == 2) all.push_back(codingRate(Z.detach(), whole).view(1));
    all.push_back(smallClassRates(Z, classes, factors));
    rates = at::cat(all);
  } else {  // a few large classes share their Gram matrices with the whole
    const Tensor A = at::zeros({rows, K}, at::kDouble);
    for (int64_t k = 0; k < K; k++) {
      for (int64_t row = 0; row < wholes; row++) A.data_ptr<double>()[row * K + k] = row == 0 ? gamma1 * whole : whole;
      A.data_ptr<double>()[(wholes + k) * K + k] = factors[k];
    }
    rates = unionRates(Z, classes.order().to(Z.device()), classes.counts, A.to(Z.device()));
  }
  const Tensor sums = at::zeros({4, rows}, at::kDouble);
  double* const of = sums.data_ptr<double>();
  of[0] = -gamma2;
  of[rows] = of[3 * rows + wholes - 1] = 1;
  for (int64_t k = 0; k < K; k++) of[wholes + k] = of[2 * rows + wholes + k] = static_cast<double>(classes.counts[k]) / n;
  return at::mv(sums.to(rates.device(), rates.scalar_type()), rates);
}

}  // namespace vitrine

TORCH_LIBRARY_FRAGMENT(vitrine, library) {
  library.def("mcr2(Tensor Z, Tensor labels, int classes, float eps_squared, float gamma1=1., float gamma2=1.) -> Tensor", &vitrine::mcr2);
}
