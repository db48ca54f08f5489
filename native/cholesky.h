// What every rate is made of: Gram matrices, inverses and log-determinants, products; a batch at a time.
#pragma once
#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

namespace vitrine {

/** Rates are sums of logarithms: never below single precision. */
at::Tensor widen(const at::Tensor& tensor);

/** While it lives, neither autocast nor TF32 touches a product: a Gram matrix in bfloat16 has no log-determinant worth the name. */
struct StayWide {
  c10::impl::ExcludeDispatchKeyGuard guard{c10::autocast_dispatch_keyset};
  at::NoTF32Guard noTF32;
};

/**
 * body(i) for every matrix of a batch. Batched LAPACK and strided products are serial loops on the CPU, so the batch
 * is shared out among the threads; with fewer matrices than threads, the threads share each matrix instead.
 */
template <typename Body>
static void overBatch(int64_t count, Body body) {
  const auto some = [&](int64_t begin, int64_t end) {  // the guards are per thread
    StayWide stayWide;
    at::NoGradGuard noGrad;
    at::AutoDispatchBelowADInplaceOrView belowAutograd;
    for (int64_t i = begin; i < end; i++) body(i);
  };
  if (count < at::get_num_threads()) some(0, count);
  else at::parallel_for(0, count, 1, some);
}

/**
 * The lower triangle of VᵀV, V [n, d]; blocks above the diagonal are left out, as BLAS' syrk does, which ATen has not.
 * On the CPU, sums over many rows keep the digits of sums over few: those of kLong rows are added in double.
 */
void gramInto(at::Tensor G, const at::Tensor& V);

/** out [n, d] = V S, S [d, d] symmetric. */
void productInto(at::Tensor out, const at::Tensor& V, const at::Tensor& S);

/** What Cholesky's factors of M = I + G [b, d, d] give, of which the lower triangles are read. */
struct Inverses {
  at::Tensor S;       // [b, d, d], (I + G)⁻¹
  at::Tensor logdet;  // [b], NaN where M is not positive definite
};
Inverses invert(const at::Tensor& M);
/** The same into tensors in one piece. */
void invertInto(const at::Tensor& M, const Inverses& into);

}  // namespace vitrine
