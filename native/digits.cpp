// How far rounding may move a rate and its gradient, from sums over the entries of its matrices.
#include "digits.h"

#include <ATen/Parallel.h>

#include <cmath>
#include <cstring>
#include <sstream>
#include <vector>

namespace vitrine {

using at::Tensor;

/** tr G and ‖G‖² of one G = M − s I, s being `shift`. */
struct Moments {
  double trace, squares;
};

/** Σ a_j² of a row, in registers: a plain sum in order would wait for each addition. */
template <typename T>
static double squaresOf(const T* row, int64_t count) {
  constexpr int64_t kLanes = 16;
  typedef T V __attribute__((vector_size(kLanes * sizeof(T))));
  V sums{};
  int64_t j = 0;
  for (; j + kLanes <= count; j += kLanes) {
    V entries;
    std::memcpy(&entries, row + j, sizeof(V));
    sums += entries * entries;
  }
  double total = 0;
  for (int64_t lane = 0; lane < kLanes; lane++) total += sums[lane];
  for (; j < count; j++) total += static_cast<double>(row[j]) * row[j];
  return total;
}

template <typename T>
static Moments momentsOf(const T* matrix, int64_t d, int64_t step, double shift) {
  Moments moments{0, 0};
  for (int64_t i = 0; i < d; i++) {
    const double own = static_cast<double>(matrix[i * step + i]) - shift;
    moments.trace += own;
    moments.squares += own * own + 2 * squaresOf(matrix + i * step, i);
  }
  return moments;
}

static std::vector<Moments> momentsOf(const Tensor& M, double shift) {
  const int64_t b = M.size(0), d = M.size(-1);
  std::vector<Moments> moments(b);
  if (M.is_cpu() && M.stride(-1) == 1) {
    at::parallel_for(0, b, 4, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++)
        moments[i] = M.scalar_type() == at::kDouble ? momentsOf(M.data_ptr<double>() + i * M.stride(0), d, M.stride(1), shift)
                                                    : momentsOf(M.data_ptr<float>() + i * M.stride(0), d, M.stride(1), shift);
    });
    return moments;
  }
  const Tensor diagonal = M.diagonal(0, -2, -1).to(at::kDouble), below = M.tril(-1).to(at::kDouble);
  const Tensor traces = (diagonal - shift).sum(-1).cpu();
  const Tensor squares = ((diagonal - shift).square().sum(-1) + 2 * below.square().sum({-2, -1})).cpu();
  for (int64_t i = 0; i < b; i++) moments[i] = {traces.data_ptr<double>()[i], squares.data_ptr<double>()[i]};
  return moments;
}

/** The mean of the eigenvalues of G, weighted by themselves; where G is not semidefinite, at most its norm. */
static double bulkOf(const Moments& moments) {
  const double norm = std::sqrt(moments.squares);
  return moments.trace > norm ? moments.squares / moments.trace : norm;
}

[[noreturn]] static void refuse(const Tensor& M, int64_t which, const Moments& moments, const std::string& says) {
  std::ostringstream text;
  text.precision(3);
  text << "matrix " << which << " of " << M.size(0) << ", I + G with d = " << M.size(-1) << " and tr G = " << moments.trace << ", " << says;
  throw LostDigits(text.str());
}

void checkDigits(const Tensor& M, const Tensor& logdet, const Tensor& S) {
  const int64_t b = M.size(0), d = M.size(-1);
  const bool single = M.scalar_type() != at::kDouble;
  const double unit = single ? std::ldexp(1, -24) : std::ldexp(1, -53), allowed = single ? 1e-4 : 1e-3;
  const double largest = allowed / (unit * (d + 128) / 8);  // κ
  const char* const name = single ? "float32" : "float64";
  const std::vector<Moments> moments = momentsOf(M, 1);
  const Tensor logs = logdet.to(at::kCPU, at::kDouble).contiguous();
  std::vector<double> kappa(b, 1);
  bool look = false;
  for (int64_t i = 0; i < b; i++) {
    if (!std::isfinite(moments[i].trace) || !std::isfinite(moments[i].squares)) {
      if (single) refuse(M, i, moments[i], "is not finite in float32");
      continue;
    }
    const double log = logs.data_ptr<double>()[i];
    if (std::isnan(log)) refuse(M, i, moments[i], std::string("is not positive definite in ") + name + "; G is no Gram matrix, or was rounded when it was made");
    // the rounding of d ones beside a small logarithm
    if (single && moments[i].squares > 0 && d * unit > 2.5e-5 * log) refuse(M, i, moments[i], "is too near to I for float32");
    kappa[i] = 1 + bulkOf(moments[i]);
    look = look || kappa[i] > largest;
  }
  if (!look) return;  // the second factor is at most 1
  const std::vector<Moments> inverse = momentsOf(S, 0);
  for (int64_t i = 0; i < b; i++) {
    kappa[i] *= inverse[i].squares / inverse[i].trace;
    if (!(kappa[i] > largest)) continue;
    std::ostringstream says;
    says.precision(2);
    says << "is too ill-conditioned for " << name << " (condition about " << kappa[i] << "); scale the features down, or take a larger precision";
    refuse(M, i, moments[i], says.str());
  }
}

}  // namespace vitrine
