// Products on processors where MKL is slow, which takes its best paths on Intel only: of single precision through oneDNN, and
// batches in as many parts as there are threads, of which MKL uses one.
#include <ATen/ATen.h>

#include "version.h"

#if TORCH_AT_LEAST(2, 0) && defined(__x86_64__)
#include <ATen/Context.h>
#include <ATen/Parallel.h>
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

static bool oneDnnIsTaken() {
  static const bool taken = &at::native::mkldnn_matmul != nullptr && at::hasMKLDNN() && isTaken();
  return taken;
}

/** A batch that is worth a part for each thread. */
static bool isShared(const Tensor& a, const Tensor& b) {
  return a.dim() == 3 && b.dim() == 3 && a.size(0) == b.size(0) && a.scalar_type() == b.scalar_type() && a.size(2) == b.size(1) &&
         a.size(0) >= 2 * at::get_num_threads() && a.numel() * b.size(2) >= kWorthwhile && !at::in_parallel_region();
}

static Tensor bmm(const Tensor& a, const Tensor& b) {
  const bool direct = oneDnnIsTaken() && fits(a, b) && a.size(0) == b.size(0);
  if (!direct && !isShared(a, b)) return at::cpu::bmm(a, b);
  Tensor result = at::empty({a.size(0), a.size(1), b.size(2)}, a.options());
  if (direct) at::native::mkldnn_matmul(a, b, result, 0, 1);
  else at::parallel_for(0, a.size(0), at::divup(a.size(0), at::get_num_threads()), [&](int64_t begin, int64_t end) {
    at::AutoDispatchBelowADInplaceOrView belowAutograd;  // of this thread
    const auto part = [&](const Tensor& batch) { return batch.narrow(0, begin, end - begin); };
    Tensor products = part(result);
    at::cpu::bmm_out(products, part(a), part(b));
  });
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
  return at::hasMKL() && std::strcmp(vendor, "GenuineIntel") != 0;
}

bool replaceProducts() {
  if (!mklIsSlow()) return false;
  replacing([](torch::Library& library) {
    library.impl("bmm", bmm);
    if (!oneDnnIsTaken()) return;
    library.impl("mm", mm);
    library.impl("addmm", addmm);
  });
  return oneDnnIsTaken();
}

}  // namespace vitrine
#else
namespace vitrine {
bool replaceProducts() { return false; }
}  // namespace vitrine
#endif
