// Rates as functions of tensors, recorded for autograd.
#pragma once
#include <ATen/ATen.h>

#include <vector>

namespace vitrine {

/** ½ log det(I + α WᵀW) of W [..., n, p]. */
at::Tensor codingRate(const at::Tensor& W, double alpha);

/** ½ log det(I + Σₛ A_rs ZₛᵀZₛ) for each row r of A, segment s being counts[s] rows of Z [N, d], listed by `order`. */
at::Tensor unionRates(const at::Tensor& Z, const at::Tensor& order, at::IntArrayRef counts, const at::Tensor& A);

}  // namespace vitrine
