// Whether rounding leaves a rate and its gradient their digits.
#pragma once
#include <ATen/ATen.h>

#include <stdexcept>

namespace vitrine {

/** Rounding has taken the digits of a rate: whoever asked in single precision may ask again in double. */
struct LostDigits : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/**
 * Checks M = I + G [b, d, d], its lower triangles, by what is known of it after factoring. With S = M⁻¹,
 *
 *     κ = (1 + ‖G‖²/tr G) · ‖S‖²/tr S
 *
 * is the condition of M as the bulk of its spectrum has it (both factors are means of eigenvalues, weighted by
 * themselves). The gradient W S is small where W is large, a cancellation that leaves it right to about
 * u κ (d + 128)/8, u half a unit in the last place: sums of up to d equal terms all round the same way.
 *
 * @param logdet log det M [b], NaN where M is not positive definite
 * @param S M⁻¹ [b, d, d]
 * @throws LostDigits unless the gradient is right to 1e-4 (in double precision, where there is nothing better, 1e-3), and
 *   in single precision the logarithm too. In double precision an M that is not finite passes: its rate is NaN.
 */
void checkDigits(const at::Tensor& M, const at::Tensor& logdet, const at::Tensor& S);

}  // namespace vitrine
