// Coding rates of unions of segments from shared Grams, with their closed-form gradient.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <vector>

#include "cholesky.h"
#include "digits.h"
#include "rates.h"

namespace vitrine {

using at::Tensor;

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
    StayWide stayWide;
    const auto d = Z.size(1), S = static_cast<int64_t>(counts.size());
    const Tensor sorted = widen(Z.index_select(0, order));
    const Tensor grams = at::zeros({S, d, d}, sorted.options());
    overSegments(sorted, counts, [&](int64_t s, int64_t, const Tensor& rows) { gramInto(grams[s], rows); });
    Tensor M = at::mm(A.to(sorted), grams.view({S, d * d})).view({-1, d, d});
    M.diagonal(0, -2, -1).add_(1);
    const auto [inverses, logdet] = invert(M);
    checkDigits(M, logdet, inverses);
    ctx->save_for_backward({Z, order, A, inverses, sorted});
    ctx->saved_data["counts"] = counts;
    return logdet.div(2);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::variable_list grads) {
    StayWide stayWide;
    const auto saved = ctx->get_saved_variables();
    const Tensor &Z = saved[0], order = saved[1], inverses = saved[3], sorted = saved[4];
    const Tensor weights = grads[0].unsqueeze(1) * saved[2].to(inverses);  // [U, S]
    const auto counts = ctx->saved_data["counts"].toIntVector();
    const auto d = Z.size(1);
    if (at::GradMode::is_enabled()) {  // a second derivative is wanted: stay within what autograd knows
      const auto rows = widen(Z).index_select(0, order).split_with_sizes(counts);
      std::vector<Tensor> grams, products;
      for (const Tensor& part : rows) grams.push_back(at::mm(part.t(), part));
      const Tensor mixed = at::mm(saved[2].to(inverses), at::stack(grams).view({-1, d * d})).view({-1, d, d});
      const Tensor inverse = at::linalg_inv(at::eye(d, inverses.options()) + mixed);
      const Tensor M = at::mm(weights.t(), inverse.reshape({-1, d * d})).view({-1, d, d});
      for (size_t s = 0; s < rows.size(); s++) products.push_back(at::mm(rows[s], M[s]));
      const Tensor gradient = at::zeros(Z.sizes(), inverses.options()).index_copy(0, order, at::cat(products));
      return {gradient.to(Z.scalar_type()), Tensor(), Tensor(), Tensor()};
    }
    const Tensor M = at::mm(weights.t(), inverses.view({-1, d * d})).view({-1, d, d});  // one matrix per segment
    const Tensor products = at::empty_like(sorted);
    overSegments(sorted, counts, [&](int64_t s, int64_t start, const Tensor& rows) {
      productInto(products.narrow(0, start, rows.size(0)), rows, M[s]);
    });
    if (order.size(0) < Z.size(0)) {
      const Tensor gradient = at::zeros(Z.sizes(), products.options()).index_copy_(0, order, products);
      return {gradient.to(Z.scalar_type()), Tensor(), Tensor(), Tensor()};
    }
    const Tensor place = at::empty_like(order).index_copy_(0, order, at::arange(order.size(0), order.options()));
    return {products.index_select(0, place).to(Z.scalar_type()), Tensor(), Tensor(), Tensor()};  // gathering is cheaper
  }
};

/** ZₛᵀZₛ of every segment, as above; the gradient takes ∂/∂(ZₛᵀZₛ) as symmetric, which that of a rate is. */
struct Grams : torch::autograd::Function<Grams> {
  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& Z, const Tensor& order, std::vector<int64_t> counts) {
    StayWide stayWide;
    const auto d = Z.size(1), S = static_cast<int64_t>(counts.size());
    const Tensor sorted = widen(Z.index_select(0, order));
    const Tensor grams = at::zeros({S, d, d}, sorted.options());
    UnionRates::overSegments(sorted, counts, [&](int64_t s, int64_t, const Tensor& rows) { gramInto(grams[s], rows); });
    ctx->save_for_backward({Z, order, sorted});
    ctx->saved_data["counts"] = counts;
    return grams.tril() + grams.tril(-1).mT();
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::variable_list grads) {
    StayWide stayWide;
    const auto saved = ctx->get_saved_variables();
    const Tensor &Z = saved[0], order = saved[1], sorted = saved[2], slopes = grads[0];
    const auto counts = ctx->saved_data["counts"].toIntVector();
    Tensor products;
    if (at::GradMode::is_enabled()) {  // a second derivative is wanted: stay within what autograd knows
      const auto rows = widen(Z).index_select(0, order).split_with_sizes(counts);
      std::vector<Tensor> parts;
      for (size_t s = 0; s < rows.size(); s++) parts.push_back(at::mm(rows[s], slopes[s] + slopes[s].t()));
      products = at::cat(parts);
    } else {
      products = at::empty_like(sorted);
      const Tensor twice = slopes * 2;
      UnionRates::overSegments(sorted, counts, [&](int64_t s, int64_t start, const Tensor& rows) {
        productInto(products.narrow(0, start, rows.size(0)), rows, twice[s]);
      });
    }
    return {at::zeros(Z.sizes(), products.options()).index_copy(0, order, products).to(Z.scalar_type()), Tensor(), Tensor()};
  }
};

static void checkSegments(const char* name, const Tensor& Z, const Tensor& order, at::IntArrayRef counts) {
  TORCH_CHECK(Z.dim() == 2 && Z.is_floating_point(), name, " expects floating-point features [N, d], got ", Z.sizes());
  int64_t rows = 0;
  for (const auto count : counts) {
    TORCH_CHECK(count >= 0, name, " expects counts of at least 0, got ", count);
    rows += count;
  }
  TORCH_CHECK(order.dim() == 1 && order.size(0) == rows, name, " expects one index per row of a segment, got ", order.sizes(), " for ",
              rows, " rows");
}

static Tensor grams(const Tensor& Z, const Tensor& order, at::IntArrayRef counts) {
  checkSegments("grams", Z, order, counts);
  return Grams::apply(Z, order, counts.vec());
}

Tensor unionRates(const Tensor& Z, const Tensor& order, at::IntArrayRef counts, const Tensor& A) {
  checkSegments("union_rates", Z, order, counts);
  TORCH_CHECK(A.dim() == 2 && A.size(1) == static_cast<int64_t>(counts.size()), "union_rates expects weights [unions, ",
              counts.size(), "], got ", A.sizes());
  return UnionRates::apply(Z, order, counts.vec(), A);
}

}  // namespace vitrine

TORCH_LIBRARY_FRAGMENT(vitrine, library) {
  library.def("grams(Tensor Z, Tensor order, int[] counts) -> Tensor", &vitrine::grams);
  library.def("union_rates(Tensor Z, Tensor order, int[] counts, Tensor A) -> Tensor", &vitrine::unionRates);
}
