// Coding rates of unions of segments from shared Grams, with their closed-form gradient.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <cstring>
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
  /** body(s, rows of segment s as [start, start + count)) for every segment, in parallel on the CPU. */
  template <typename Body>
  static void overSegments(bool parallel, const std::vector<int64_t>& counts, Body body) {
    std::vector<int64_t> starts(counts.size(), 0);
    for (size_t s = 1; s < counts.size(); s++) starts[s] = starts[s - 1] + counts[s - 1];
    const auto each = [&](int64_t s) { body(s, starts[s], counts[s]); };
    if (parallel) overBatch(counts.size(), each);
    else for (size_t s = 0; s < counts.size(); s++) each(s);
  }

  /** Σₛ weightsₛ matricesₛ into sum [d, d]; weights on the CPU in double. */
  static void mixInto(Tensor sum, const Tensor& weights, const Tensor& matrices) {
    const auto weight = weights.accessor<double, 1>();
    bool first = true;
    for (int64_t s = 0; s < weights.size(0); s++)
      if (weight[s] != 0) {
        if (first) at::mul_out(sum, matrices[s], at::scalar_tensor(weight[s], at::kDouble));
        else sum.add_(matrices[s], weight[s]);
        first = false;
      }
    if (first) sum.zero_();
  }

  /** to[order[i]] = from[i], of rows in one piece: index_copy_ looks at each number. */
  static void scatterRows(const Tensor& to, const Tensor& order, const Tensor& from) {
    const size_t bytes = from.size(1) * from.element_size();
    char* const target = static_cast<char*>(to.data_ptr());
    const char* const source = static_cast<const char*>(from.data_ptr());
    const int64_t* const row = order.data_ptr<int64_t>();
    for (int64_t i = 0; i < from.size(0); i++) std::memcpy(target + row[i] * bytes, source + i * bytes, bytes);
  }

  /** I + Σₛ A_rs ZₛᵀZₛ [U, d, d] inverted, with the rows of Z by segments, on the CPU: in two rounds of its threads. */
  static Inverses invertUnions(const Tensor& Z, const Tensor& order, const std::vector<int64_t>& counts, const Tensor& A, Tensor& sorted) {
    const auto d = Z.size(1), S = static_cast<int64_t>(counts.size()), U = A.size(0);
    const Tensor wide = widen(Z), grams = at::empty({S, d, d}, wide.options()), M = at::empty({U, d, d}, wide.options());
    sorted = at::empty({order.size(0), d}, wide.options());
    overSegments(true, counts, [&](int64_t s, int64_t start, int64_t count) {
      Tensor rows = sorted.narrow(0, start, count), G = grams[s];
      at::index_select_out(rows, wide, 0, order.narrow(0, start, count));
      G.zero_();
      gramInto(G, rows);
    });
    const Inverses into = {at::empty_like(M), at::empty({U}, M.options())};
    const Tensor weights = A.to(at::kDouble);
    overBatch(U, [&](int64_t r) {
      mixInto(M[r], weights[r], grams);
      M[r].diagonal().add_(1);
      invertInto(M.narrow(0, r, 1), {into.S.narrow(0, r, 1), into.logdet.narrow(0, r, 1)});
    });
    checkDigits(M, into.logdet, into.S);
    return into;
  }

  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& Z, const Tensor& order, std::vector<int64_t> counts,
                        const Tensor& A) {
    StayWide stayWide;
    const auto d = Z.size(1), S = static_cast<int64_t>(counts.size());
    Tensor sorted;
    Inverses found;
    if (Z.is_cpu()) {
      found = invertUnions(Z, order, counts, A, sorted);
    } else {
      sorted = widen(Z.index_select(0, order));
      const Tensor grams = at::zeros({S, d, d}, sorted.options());
      overSegments(false, counts, [&](int64_t s, int64_t start, int64_t count) { gramInto(grams[s], sorted.narrow(0, start, count)); });
      Tensor M = at::mm(A.to(sorted), grams.view({S, d * d})).view({-1, d, d});
      M.diagonal(0, -2, -1).add_(1);
      found = invert(M);
      checkDigits(M, found.logdet, found.S);
    }
    ctx->save_for_backward({Z, order, A, found.S, sorted});
    ctx->saved_data["counts"] = counts;
    return found.logdet.div(2);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::variable_list grads) {
    StayWide stayWide;
    const auto saved = ctx->get_saved_variables();
    const Tensor &Z = saved[0], &order = saved[1], &A = saved[2], inverses = saved[3], sorted = saved[4];
    const auto counts = ctx->saved_data["counts"].toIntVector();
    const auto d = Z.size(1);
    if (at::GradMode::is_enabled()) {  // a second derivative is wanted: stay within what autograd knows
      const auto rows = widen(Z).index_select(0, order).split_with_sizes(counts);
      std::vector<Tensor> grams, products;
      for (const Tensor& part : rows) grams.push_back(at::mm(part.t(), part));
      const Tensor mixed = at::mm(A.to(inverses), at::stack(grams).view({-1, d * d})).view({-1, d, d});
      const Tensor inverse = at::linalg_inv(at::eye(d, inverses.options()) + mixed);
      const Tensor weights = grads[0].unsqueeze(1) * A.to(inverses);  // [U, S]
      const Tensor M = at::mm(weights.t(), inverse.reshape({-1, d * d})).view({-1, d, d});
      for (size_t s = 0; s < rows.size(); s++) products.push_back(at::mm(rows[s], M[s]));
      const Tensor gradient = at::zeros(Z.sizes(), inverses.options()).index_copy(0, order, at::cat(products));
      return {gradient.to(Z.scalar_type()), Tensor(), Tensor(), Tensor()};
    }
    const bool all = order.size(0) == Z.size(0);
    const Tensor gradient = all ? at::empty(Z.sizes(), sorted.options()) : at::zeros(Z.sizes(), sorted.options());
    const bool parallel = Z.is_cpu();
    // one matrix per segment: Σᵣ gᵣ A_rs S_r
    const Tensor weights = (grads[0].to(at::kDouble).unsqueeze(1) * A.to(at::kDouble)).t().contiguous();  // [S, U]
    const Tensor mixed = parallel ? Tensor() : at::mm(weights.to(inverses), inverses.view({-1, d * d})).view({-1, d, d});
    overSegments(parallel, counts, [&](int64_t s, int64_t start, int64_t count) {
      const Tensor rows = sorted.narrow(0, start, count), products = at::empty_like(rows);
      const Tensor M = parallel ? at::empty({d, d}, inverses.options()) : mixed[s];
      if (parallel) mixInto(M, weights[s], inverses);
      productInto(products, rows, M);
      if (parallel) scatterRows(gradient, order.narrow(0, start, count), products);
      else gradient.index_copy_(0, order.narrow(0, start, count), products);
    });
    return {gradient.to(Z.scalar_type()), Tensor(), Tensor(), Tensor()};
  }
};

/** ZₛᵀZₛ of every segment, as above; the gradient takes ∂/∂(ZₛᵀZₛ) as symmetric, which that of a rate is. */
struct Grams : torch::autograd::Function<Grams> {
  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& Z, const Tensor& order, std::vector<int64_t> counts) {
    StayWide stayWide;
    const auto d = Z.size(1), S = static_cast<int64_t>(counts.size());
    const Tensor sorted = widen(Z.index_select(0, order));
    const Tensor grams = at::zeros({S, d, d}, sorted.options());
    UnionRates::overSegments(Z.is_cpu(), counts, [&](int64_t s, int64_t start, int64_t count) {
      gramInto(grams[s], sorted.narrow(0, start, count));
    });
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
      UnionRates::overSegments(Z.is_cpu(), counts, [&](int64_t s, int64_t start, int64_t count) {
        productInto(products.narrow(0, start, count), sorted.narrow(0, start, count), twice[s]);
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
  return UnionRates::apply(Z, order.to(at::kLong).contiguous(), counts.vec(), A);
}

}  // namespace vitrine

TORCH_LIBRARY_FRAGMENT(vitrine, library) {
  library.def("grams(Tensor Z, Tensor order, int[] counts) -> Tensor", &vitrine::grams);
  library.def("union_rates(Tensor Z, Tensor order, int[] counts, Tensor A) -> Tensor", &vitrine::unionRates);
}
