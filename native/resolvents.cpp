// A ReduNet layer's operators: resolvents of all samples and of each class, for each frequency.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <vector>

#include "rate_kernels.h"

namespace vitrine {

using at::Tensor;

template <class T>
static bool resolventsInto(const RateKernels<T>& kernels, const Tensor& V, const std::vector<int64_t>& order, at::IntArrayRef counts, double epsSq,
                           Tensor& operators) {
  using Pair = c10::complex<T>;
  const int64_t n = V.size(1), C = V.size(2), K = counts.size();
  const auto alphaOf = [&](int64_t count) { return static_cast<T>(C / (count * epsSq)); };
  std::atomic<bool> definite{true};
  at::parallel_for(0, V.size(0), 1, [&](int64_t begin, int64_t end) {
    std::vector<T> room(resolventRoom(n, C));  // no class has more samples, and fewer need less
    for (int64_t p = begin; p < end; p++) {
      const T* const from = reinterpret_cast<const T*>(V.data_ptr<Pair>() + p * n * C);
      T* const to = reinterpret_cast<T*>(operators.data_ptr<Pair>() + p * (1 + K) * C * C);
      const auto put = [&](int64_t first, int64_t count, int64_t k) {
        T* const out = to + 2 * k * C * C;
        if (count == 0) std::fill(out, out + 2 * C * C, T(0));
        else if (!kernels.resolvent(from, order.data() + first, count, C, alphaOf(count), out, room.data())) definite = false;
      };
      put(0, n, 0);
      for (int64_t k = 0, first = 0; k < K; first += counts[k++]) put(first, counts[k], 1 + k);
    }
  });
  return definite;
}

/**
 * α (I + α Σ v vᴴ)⁻¹ with α = C/(n ε²) over all samples and over those of each class, at each frequency: V [P, n, C] complex →
 * [P, 1 + K, C, C], zero for a class without samples. Class k has the samples whose slots lie from k m on, m being the largest
 * count. The second result is 1 where a matrix is not finite, or not definite by rounding; the first then has no meaning.
 */
static std::tuple<Tensor, Tensor> resolvents(const Tensor& V, const Tensor& slots, at::IntArrayRef counts, double epsSq) {
  const int64_t n = V.size(1), C = V.size(2), K = counts.size();
  const bool isDouble = V.scalar_type() == at::kComplexDouble;
  TORCH_CHECK(V.is_cpu() && (isDouble || V.scalar_type() == at::kComplexFloat) && V.dim() == 3, "resolvents expects complex [P, n, C] on the CPU");
  TORCH_CHECK(slots.scalar_type() == at::kLong && slots.numel() == n && std::accumulate(counts.begin(), counts.end(), int64_t(0)) == n,
              "resolvents expects a slot for each of ", n, " samples");
  std::vector<int64_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  const Tensor places = slots.contiguous();
  const int64_t* const place = places.data_ptr<int64_t>();
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return place[a] < place[b]; });
  const Tensor given = V.contiguous();
  Tensor operators = at::empty({V.size(0), 1 + K, C, C}, V.options());
  const bool definite = isDouble ? resolventsInto(rateKernels<double>(), given, order, counts, epsSq, operators)
                                 : resolventsInto(rateKernels<float>(), given, order, counts, epsSq, operators);
  return {operators, at::scalar_tensor(definite ? 0 : 1, at::kLong)};
}

}  // namespace vitrine

TORCH_LIBRARY_FRAGMENT(vitrine, library) {
  library.def("resolvents(Tensor V, Tensor slots, int[] counts, float eps_squared) -> (Tensor, Tensor)", &vitrine::resolvents);
}
