// Launches add_layer_norm.cu.
#include <ATen/ATen.h>
#include <c10/cuda/CUDAGuard.h>

#include <algorithm>

#include "kernels.h"
#include "launch.h"
#include "sources.h"

namespace vitrine {

constexpr uint32_t kWarps = 8, kThreads = 32 * kWarps;

static float* numbersOf(const at::Tensor& x) { return x.defined() ? x.data_ptr<float>() : nullptr; }
static std::vector<std::string> ofColumns(int64_t c) { return {"COLUMNS=" + std::to_string(c)}; }

NormedSum normedSumOnGpu(const at::Tensor& x, const at::Tensor& r, const at::Tensor& w, const at::Tensor& b, double epsilon) {
  const c10::cuda::CUDAGuard there(x.device());
  const int64_t c = x.size(-1);
  const long long rows = x.numel() / c;
  auto sizes = x.sizes().vec();
  sizes.back() = 1;
  const NormedSum found{at::empty_like(x), at::empty_like(x), at::empty(sizes, x.options()), at::empty(sizes, x.options())};
  launch(compiled(kAddLayerNorm, "add_layer_norm", ofColumns(c)), static_cast<uint32_t>((rows + kWarps - 1) / kWarps), 1, kThreads, numbersOf(x), numbersOf(r),
         numbersOf(w), numbersOf(b), static_cast<float>(epsilon), rows, numbersOf(found.s), numbersOf(found.y), numbersOf(found.means), numbersOf(found.scales));
  return found;
}

NormGradients normedSumGradientsOnGpu(const at::Tensor& g, const at::Tensor& outer, const NormedSum& found, const at::Tensor& w) {
  const c10::cuda::CUDAGuard there(g.device());
  const int64_t c = g.size(-1);
  const long long rows = g.numel() / c;
  // the same on every device, so that the order of the sums is
  const auto blocks = static_cast<uint32_t>(std::min<int64_t>((rows + kWarps - 1) / kWarps, 512));
  const at::Tensor dx = at::empty_like(g), sums = at::empty({blocks, 2, c}, g.options());
  const auto kernel = compiled(kAddLayerNorm, "add_layer_norm_gradients", ofColumns(c), 2 * c * sizeof(float));
  launch(kernel, blocks, 1, kThreads, numbersOf(g), numbersOf(outer), numbersOf(found.s), numbersOf(found.means), numbersOf(found.scales), numbersOf(w), rows, numbersOf(dx),
         numbersOf(sums));
  const at::Tensor total = sums.sum(0);
  return {dx, total[0], total[1]};
}

}  // namespace vitrine
