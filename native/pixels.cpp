// Bytes of images to normalised numbers, mirrored or not, in one pass.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include "processor.h"

namespace vitrine {

/** A row of bytes to (value − mean) / std. */
EVERY_PROCESSOR static void normalisedRow(const uint8_t* in, int64_t width, float mean, float std, bool mirrored, float* out) {
  if (mirrored)
    for (int64_t x = 0; x < width; x++) out[x] = (static_cast<float>(in[width - 1 - x]) - mean) / std;
  else
    for (int64_t x = 0; x < width; x++) out[x] = (static_cast<float>(in[x]) - mean) / std;
}

/**
 * uint8 [b, c, h, w] → float32 [b, c, h, w]: (value − mean) / std of each channel, the rounding of `sub` and `div`.
 * @param mean, std float32 [c]
 * @param mirrored bool [b]: which images are
 */
static at::Tensor normalisedBytes(const at::Tensor& images, const at::Tensor& mean, const at::Tensor& std, const at::Tensor& mirrored) {
  TORCH_CHECK(images.dim() == 4 && images.is_cpu() && images.scalar_type() == at::kByte, "normalised_bytes expects images uint8 [b, c, h, w] in the processor's memory, got ",
              images.scalar_type(), " ", images.sizes(), " on ", images.device());
  const int64_t b = images.size(0), c = images.size(1), h = images.size(2), w = images.size(3);
  for (const at::Tensor& constant : {mean, std})
    TORCH_CHECK(constant.is_cpu() && constant.scalar_type() == at::kFloat && constant.numel() == c && constant.is_contiguous(), "normalised_bytes expects mean and std float32 [", c, "]");
  TORCH_CHECK(mirrored.is_cpu() && mirrored.scalar_type() == at::kBool && mirrored.numel() == b && mirrored.is_contiguous(), "normalised_bytes expects mirrored bool [", b, "]");
  const at::Tensor plain = images.contiguous(), out = at::empty(images.sizes(), images.options().dtype(at::kFloat));
  const auto* from = plain.data_ptr<uint8_t>();
  auto* to = out.data_ptr<float>();
  const auto *means = mean.data_ptr<float>(), *stds = std.data_ptr<float>();
  const bool* flags = mirrored.data_ptr<bool>();
  constexpr int64_t kGrain = 1 << 18;  // pixels for a thread, at least
  at::parallel_for(0, b * c * h, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, w)), [&](int64_t row, int64_t end) {
    for (; row < end; row++) normalisedRow(from + row * w, w, means[row / h % c], stds[row / h % c], flags[row / (c * h)], to + row * w);
  });
  return out;
}

}  // namespace vitrine

TORCH_LIBRARY_FRAGMENT(vitrine, library) {
  library.def("normalised_bytes(Tensor images, Tensor mean, Tensor std, Tensor mirrored) -> Tensor", &vitrine::normalisedBytes);
}
