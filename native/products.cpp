// Single-precision products through oneDNN on processors where MKL is slow: MKL takes its AVX-512 paths on Intel only.
#include <ATen/ATen.h>

#include "version.h"

#if TORCH_AT_LEAST(2, 0) && defined(__x86_64__)
#include <ATen/Context.h>
#include <ATen/ops/addmm_cpu_dispatch.h>
#include <ATen/ops/bmm_cpu_dispatch.h>
#include <ATen/ops/mm_cpu_dispatch.h>
#include <cpuid.h>

#include <cstring>

#include "replace.h"

namespace at::native {
/** result = alpha a b + beta result, of matrices or batches, whatever their strides. Not in libtorch's headers: may be absent. */
__attribute__((weak)) TORCH_API void mkldnn_matmul(const Tensor& a, const Tensor& b, const Tensor& result, float beta, float alpha);
}  // namespace at::native

namespace vitrine {

using at::Scalar;
using at::Tensor;

/** Below this many multiplications the look-up of a oneDNN primitive (10 µs) costs more than it saves. */
constexpr int64_t kWorthwhile = 1 << 19;

static bool fits(const Tensor& a, const Tensor& b) {
  const auto plain = [](const Tensor& t) { return t.scalar_type() == at::kFloat && t.layout() == at::kStrided; };
  return plain(a) && plain(b) && a.dim() == b.dim() && a.size(-1) == b.size(-2) && a.numel() * b.size(-1) >= kWorthwhile;
}

static Tensor mm(const Tensor& a, const Tensor& b) {
  if (!fits(a, b)) return at::cpu::mm(a, b);
  Tensor result = at::empty({a.size(0), b.size(1)}, a.options());
  at::native::mkldnn_matmul(a, b, result, 0, 1);
  return result;
}

static Tensor bmm(const Tensor& a, const Tensor& b) {
  if (!fits(a, b) || a.size(0) != b.size(0)) return at::cpu::bmm(a, b);
  Tensor result = at::empty({a.size(0), a.size(1), b.size(2)}, a.options());
  at::native::mkldnn_matmul(a, b, result, 0, 1);
  return result;
}

static Tensor addmm(const Tensor& self, const Tensor& a, const Tensor& b, const Scalar& beta, const Scalar& alpha) {
  if (!fits(a, b) || self.scalar_type() != at::kFloat || beta.toDouble() != 1 || alpha.toDouble() != 1) return at::cpu::addmm(self, a, b, beta, alpha);
  Tensor result = self.expand({a.size(0), b.size(1)}).clone(at::MemoryFormat::Contiguous);
  at::native::mkldnn_matmul(a, b, result, 1, 1);
  return result;
}

static bool mklIsSlow() {
  unsigned level = 0, words[3] = {};
  char vendor[13] = {};
  if (!__get_cpuid(0, &level, &words[0], &words[2], &words[1])) return false;
  std::memcpy(vendor, words, 12);
  return at::hasMKL() && at::hasMKLDNN() && std::strcmp(vendor, "GenuineIntel") != 0;
}

/** libtorch hands oneDNN products of single precision only on processors whose instructions for bfloat16 would do too. */
static bool isTaken() {
  const Tensor matrix = at::zeros({16, 16}, at::kFloat);
  try {
    at::native::mkldnn_matmul(matrix, matrix, at::empty_like(matrix), 0, 1);
    return true;
  } catch (const c10::Error&) {
    return false;
  }
}

bool replaceProducts() {
  if (&at::native::mkldnn_matmul == nullptr || !mklIsSlow() || !isTaken()) return false;
  replacing([](torch::Library& library) {
    library.impl("mm", mm);
    library.impl("bmm", bmm);
    library.impl("addmm", addmm);
  });
  return true;
}

}  // namespace vitrine
#else
namespace vitrine {
bool replaceProducts() { return false; }
}  // namespace vitrine
#endif
