// Gram matrices, inverses and products: our kernels for small sides, libtorch's for large ones and other devices.
#include "cholesky.h"

#include <cmath>
#include <new>

#include "rate_kernels.h"

namespace vitrine {

using at::Tensor;

Tensor widen(const Tensor& tensor) {
  const auto type = tensor.scalar_type();
  return type == at::kHalf || type == at::kBFloat16 ? tensor.to(at::kFloat) : tensor;
}

/** Up to here, a matrix and its factors stay in a core's cache. */
constexpr int64_t kSmall = 256;

static bool isSmall(const Tensor& M) { return M.is_cpu() && M.size(-1) <= kSmall; }
/** Our kernels run on one thread: alone, a matrix is better shared out by libtorch. */
static bool isOurs(const Tensor& M) { return isSmall(M) && (at::in_parallel_region() || at::get_num_threads() == 1); }

/** V with rows in one piece, as kernels take it. */
static Tensor rowsOf(const Tensor& V) { return V.stride(1) == 1 || V.size(1) == 1 ? V : V.contiguous(); }

/** Scratch of a thread, kept from call to call; at cache lines, since a load across two costs two. */
template <class T>
static T* room(int64_t numbers) {
  struct Room {
    void* at = nullptr;
    size_t bytes = 0;
    ~Room() { ::operator delete(at, std::align_val_t{64}); }
  };
  thread_local Room room;
  const size_t bytes = numbers * sizeof(T);
  if (room.bytes < bytes) {
    ::operator delete(room.at, std::align_val_t{64});
    room.bytes = 0;
    room.at = nullptr;
    room.at = ::operator new(bytes, std::align_val_t{64});
    room.bytes = bytes;
  }
  return static_cast<T*>(room.at);
}

template <class T>
static void gramWith(const RateKernels<T>& kernels, const Tensor& G, const Tensor& V) {
  const int64_t d = V.size(1);
  kernels.gram(V.data_ptr<T>(), V.size(0), d, V.stride(0), G.data_ptr<T>(), room<T>(gramRoom(d)));
}

/** By halves, down to blocks where products cost more than they leave out. */
static void lowerInto(Tensor G, const Tensor& V) {
  constexpr int64_t kBlock = 64;
  const int64_t d = V.size(1), half = d / 2;
  if (d <= kBlock || !V.is_cpu()) {
    at::mm_out(G, V.t(), V);
    return;
  }
  const Tensor first = V.narrow(1, 0, half), second = V.narrow(1, half, d - half);
  lowerInto(G.narrow(0, 0, half).narrow(1, 0, half), first);
  lowerInto(G.narrow(0, half, d - half).narrow(1, half, d - half), second);
  Tensor corner = G.narrow(0, half, d - half).narrow(1, 0, half);
  at::mm_out(corner, second.t(), first);
}

void gramInto(Tensor G, const Tensor& V) {
  if (isOurs(G) && G.is_contiguous()) {
    const Tensor rows = rowsOf(V);
    if (G.scalar_type() == at::kDouble) gramWith(rateKernels<double>(), G, rows);
    else gramWith(rateKernels<float>(), G, rows);
  } else if (V.is_cpu() && V.size(0) > kLong && V.scalar_type() == at::kFloat) {  // parts of the sum, added in double
    const Tensor part = at::zeros_like(G), sum = at::zeros(G.sizes(), G.options().dtype(at::kDouble));
    for (const Tensor& rows : V.split(kLong)) {
      lowerInto(part, rows);
      sum.add_(part);
    }
    G.copy_(sum);
  } else {
    lowerInto(G, V);
  }
}

template <class T>
static void productWith(const RateKernels<T>& kernels, const Tensor& out, const Tensor& V, const Tensor& S) {
  const int64_t n = V.size(0), d = V.size(1);
  kernels.product(V.data_ptr<T>(), n, d, V.stride(0), S.data_ptr<T>(), out.data_ptr<T>(), room<T>(productRoom(d)));
}

void productInto(Tensor out, const Tensor& V, const Tensor& S) {
  if (!isOurs(S) || !S.is_contiguous() || !out.is_contiguous()) {
    at::mm_out(out, V, S);
    return;
  }
  const Tensor rows = rowsOf(V);
  if (S.scalar_type() == at::kDouble) productWith(rateKernels<double>(), out, rows, S);
  else productWith(rateKernels<float>(), out, rows, S);
}

template <class T>
static void invertWith(const RateKernels<T>& kernels, const Tensor& M, const Inverses& into) {
  const int64_t d = M.size(-1), step = d * d;
  at::parallel_for(0, M.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
      into.logdet.data_ptr<T>()[i] = kernels.invert(M.data_ptr<T>() + i * step, d, into.S.data_ptr<T>() + i * step, room<T>(inverseRoom(d)));
  });
}

void invertInto(const Tensor& M, const Inverses& into) {
  if (isSmall(M)) {
    const Tensor given = M.contiguous();
    if (M.scalar_type() == at::kDouble) invertWith(rateKernels<double>(), given, into);
    else invertWith(rateKernels<float>(), given, into);
    return;
  }
  const auto each = [&](const Tensor& matrices, Tensor S, Tensor logdet) {
    const auto [L, status] = at::linalg_cholesky_ex(matrices);
    logdet.copy_(L.diagonal(0, -2, -1).log().sum(-1).mul(2).masked_fill(status.ne(0), std::nan("")));
    S.copy_(at::cholesky_inverse(L.masked_fill(status.ne(0).unsqueeze(-1).unsqueeze(-1), 1)));  // refuses a singular one
  };
  if (M.is_cpu()) overBatch(M.size(0), [&](int64_t i) { each(M[i], into.S[i], into.logdet[i]); });
  else each(M, into.S, into.logdet);
}

Inverses invert(const Tensor& M) {
  const Inverses into = {at::empty(M.sizes(), M.options()), at::empty({M.size(0)}, M.options())};
  invertInto(M, into);
  return into;
}

}  // namespace vitrine
