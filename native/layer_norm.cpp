// Layer normalisation of single precision on the CPU, where libtorch's takes three times as long for short rows.
#include "version.h"

#if TORCH_AT_LEAST(2, 0)
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/ops/native_layer_norm_backward_cpu_dispatch.h>
#include <ATen/ops/native_layer_norm_cpu_dispatch.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "norm_kernels.h"
#include "replace.h"

namespace vitrine {

using at::Tensor;
using Three = std::tuple<Tensor, Tensor, Tensor>;
using Maybe = std::optional<Tensor>;

static bool isGiven(const Maybe& w) { return w && w->defined(); }
static bool isPlain(const Tensor& x) { return x.scalar_type() == at::kFloat && x.layout() == at::kStrided && x.is_contiguous(); }

/** Rows of c numbers, the last dimensions of x, that the kernels take; whatever else there is, and what is wrong, is libtorch's. */
struct NormRows {
  int64_t rows = 0, c;

  NormRows(const Tensor& x, at::IntArrayRef shape, const Maybe& w, const Maybe& b) : c(c10::multiply_integers(shape)) {
    const auto fits = [&](const Maybe& t) { return !isGiven(t) || (isPlain(*t) && t->sizes() == shape); };
    const bool ends = x.dim() >= static_cast<int64_t>(shape.size()) && x.sizes().slice(x.dim() - shape.size()) == shape;
    if (c > 0 && !shape.empty() && ends && isPlain(x) && fits(w) && fits(b)) rows = x.numel() / c;
  }
  Tensor orElse(const Maybe& w, float value) const { return isGiven(w) ? *w : at::full({c}, value, at::kFloat); }
};

static Three normForward(const Tensor& x, at::IntArrayRef shape, const Maybe& weight, const Maybe& bias, double epsilon) {
  const NormRows all(x, shape, weight, bias);
  if (all.rows == 0) return at::cpu::native_layer_norm(x, shape, weight, bias, epsilon);
  auto sizes = x.sizes().vec();
  std::fill(sizes.end() - static_cast<int64_t>(shape.size()), sizes.end(), 1);
  const Tensor y = at::empty_like(x), means = at::empty(sizes, x.options()), rstds = at::empty_like(means);
  const Tensor w = all.orElse(weight, 1), b = all.orElse(bias, 0);
  at::parallel_for(0, all.rows, at::divup(at::internal::GRAIN_SIZE, all.c), [&](int64_t begin, int64_t end) {
    const int64_t first = begin * all.c;
    normKernels().forward(x.data_ptr<float>() + first, w.data_ptr<float>(), b.data_ptr<float>(), end - begin, all.c, static_cast<float>(epsilon),
                          y.data_ptr<float>() + first, means.data_ptr<float>() + begin, rstds.data_ptr<float>() + begin);
  });
  return {y, means, rstds};
}

/** Rows whose dw and db are summed as one; parts of that many, whatever the number of threads, so that it does not show in the bits. */
static int64_t partOf(int64_t rows) { return std::max<int64_t>(64, at::divup(rows, 256)); }

static Three normBackward(const Tensor& outer, const Tensor& x, at::IntArrayRef shape, const Tensor& means, const Tensor& rstds, const Maybe& weight,
                          const Maybe& bias, std::array<bool, 3> wanted) {
  const NormRows all(x, shape, weight, bias);
  if (all.rows == 0 || outer.scalar_type() != at::kFloat || !isPlain(means) || !isPlain(rstds))
    return at::cpu::native_layer_norm_backward(outer, x, shape, means, rstds, weight, bias, wanted);
  const int64_t c = all.c, part = partOf(all.rows), parts = at::divup(all.rows, part);
  const Tensor g = outer.contiguous(), w = all.orElse(weight, 1), dx = at::empty_like(x), sums = at::zeros({parts, 2, c}, x.options());
  at::parallel_for(0, parts, at::divup(at::internal::GRAIN_SIZE, part * c), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t row = i * part, first = row * c;
      float* dw = sums.data_ptr<float>() + 2 * i * c;
      normKernels().backward(g.data_ptr<float>() + first, x.data_ptr<float>() + first, means.data_ptr<float>() + row, rstds.data_ptr<float>() + row,
                             w.data_ptr<float>(), std::min(part, all.rows - row), c, dx.data_ptr<float>() + first, dw, dw + c);
    }
  });
  const Tensor sum = sums.sum(0);
  return {wanted[0] ? dx : Tensor(), wanted[1] ? sum[0].reshape(shape) : Tensor(), wanted[2] ? sum[1].reshape(shape) : Tensor()};
}

void replaceNorms() {
  replacing([](torch::Library& library) {
    library.impl("native_layer_norm", normForward);
    library.impl("native_layer_norm_backward", normBackward);
  });
}

}  // namespace vitrine
#else
namespace vitrine {
void replaceNorms() {}
}  // namespace vitrine
#endif
