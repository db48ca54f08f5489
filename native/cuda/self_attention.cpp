// Launches self_attention.cu.
#include <ATen/ATen.h>
#include <c10/cuda/CUDAGuard.h>

#include "kernels.h"
#include "launch.h"
#include "sources.h"

namespace vitrine {

using at::Tensor;

/** Heads of self_attention.cu. */
struct GpuHeads {
  int n, p, count, causal;
  float scale;
};

constexpr uint32_t kSide = 16;

/** Sizes of the tiles that a block keeps in shared memory. */
struct Tiles {
  uint32_t tile, width;
  uint32_t forwardBytes() const { return 4 * tile * (2 * (width + 4) + tile + 4 + 1); }
  uint32_t backwardBytes() const { return 4 * tile * (4 * (width + 4) + 2 * (tile + 4) + 2); }
  std::vector<std::string> definitions() const { return {"TILE=" + std::to_string(tile), "WIDTH=" + std::to_string(width)}; }
};

/** The larger tiles where they fit, and rows fill them. */
static Tiles tilesOf(const Tensor& W) {
  const auto width = static_cast<uint32_t>((W.size(3) + kSide - 1) / kSide * kSide);
  const Tiles large{64, width}, small{32, width};
  return W.size(1) > small.tile && large.backwardBytes() <= mostSharedBytes() ? large : small;
}

bool attendsOnGpu(const Tensor& W) {
  constexpr int64_t kMostHeads = 65535, kWidest = 128;
  if (!W.is_cuda() || W.scalar_type() != at::kFloat || W.numel() == 0 || W.size(3) > kWidest || W.size(0) * W.size(2) > kMostHeads) return false;
  const c10::cuda::CUDAGuard there(W.device());
  return tilesOf(W).backwardBytes() <= mostSharedBytes();
}

static GpuHeads headsOf(const Tensor& W, double scale, bool causal) {
  return {static_cast<int>(W.size(1)), static_cast<int>(W.size(3)), static_cast<int>(W.size(2)), causal, static_cast<float>(scale)};
}

template <typename... Numbers>
static void overHeads(const char* name, const Tiles& tiles, uint32_t bytes, const Tensor& W, const GpuHeads& heads, const Numbers&... tensors) {
  const auto kernel = compiled(kSelfAttention, name, tiles.definitions(), bytes);
  const auto blocks = static_cast<uint32_t>((W.size(1) + tiles.tile - 1) / tiles.tile), count = static_cast<uint32_t>(W.size(0) * W.size(2));
  launch(kernel, blocks, count, kSide * kSide, tensors.template data_ptr<float>()..., heads);
}

Attended attendOnGpu(const Tensor& W, double scale, bool causal) {
  const c10::cuda::CUDAGuard there(W.device());
  const Tiles tiles = tilesOf(W);
  const Attended found{at::empty_like(W), at::empty({W.size(0), W.size(1), W.size(2)}, W.options())};
  overHeads("self_attention", tiles, tiles.forwardBytes(), W, headsOf(W, scale, causal), W, found.out, found.logs);
  return found;
}

Tensor attendGradientsOnGpu(const Tensor& W, const Tensor& g, const Attended& found, double scale, bool causal) {
  const c10::cuda::CUDAGuard there(W.device());
  const Tiles tiles = tilesOf(W);
  const Tensor deltas = (g * found.out).sum(-1), dW = at::empty_like(W);
  overHeads("self_attention_gradients", tiles, tiles.backwardBytes(), W, headsOf(W, scale, causal), W, g, found.logs, deltas, dW);
  return dW;
}

}  // namespace vitrine
