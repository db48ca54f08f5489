// Layer normalisation for one instruction set: included once for each, inside a namespace. No include guard.

static inline float normed(float x, float mean, float rstd, float w, float b) { return (x - mean) * rstd * w + b; }

static void forward(const float* X, const float* w, const float* b, int64_t rows, int64_t c, float epsilon, float* Y, float* means, float* rstds) {
  for (int64_t i = 0; i < rows; i++) {
    const float* x = X + i * c;
    float* y = Y + i * c;
    float sum = 0, squares = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t k = 0; k < c; k++) sum += x[k];
    const float mean = sum / static_cast<float>(c);
#pragma omp simd reduction(+ : squares)
    for (int64_t k = 0; k < c; k++) squares += (x[k] - mean) * (x[k] - mean);
    const float rstd = 1 / std::sqrt(squares / static_cast<float>(c) + epsilon);
#pragma omp simd
    for (int64_t k = 0; k < c; k++) y[k] = normed(x[k], mean, rstd, w[k], b[k]);
    means[i] = mean;
    rstds[i] = rstd;
  }
}

static void again(const float* X, const float* means, const float* rstds, const float* w, const float* b, int64_t rows, int64_t c, float* Y) {
  for (int64_t i = 0; i < rows; i++) {
    const float *x = X + i * c, mean = means[i], rstd = rstds[i];
    float* y = Y + i * c;
#pragma omp simd
    for (int64_t k = 0; k < c; k++) y[k] = normed(x[k], mean, rstd, w[k], b[k]);
  }
}

/** bfloat16 is the upper half of a float; to the nearest, to even where two are as near. */
static inline float widened(uint16_t x) {
  const uint32_t bits = static_cast<uint32_t>(x) << 16;
  float wide;
  std::memcpy(&wide, &bits, sizeof wide);
  return wide;
}
static inline uint16_t narrowed(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return x != x ? 0x7fc0 : static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static void againHalf(const uint16_t* X, const float* means, const float* rstds, const float* w, const float* b, int64_t rows, int64_t c, uint16_t* Y) {
  for (int64_t i = 0; i < rows; i++) {
    const uint16_t* x = X + i * c;
    const float mean = means[i], rstd = rstds[i];
    uint16_t* y = Y + i * c;
#pragma omp simd
    for (int64_t k = 0; k < c; k++) y[k] = narrowed(normed(widened(x[k]), mean, rstd, w[k], b[k]));
  }
}

/** dx = rstd (g w − mean(g w) − x̂ mean(g w x̂)),  dw += g x̂,  db += g,  with x̂ = (x − mean) rstd */
static void backward(const float* G, const float* X, const float* means, const float* rstds, const float* w, int64_t rows, int64_t c, float* dX, float* dw, float* db) {
  for (int64_t i = 0; i < rows; i++) {
    const float *g = G + i * c, *x = X + i * c;
    float* dx = dX + i * c;
    const float mean = means[i], rstd = rstds[i];
    float sum = 0, product = 0;
#pragma omp simd reduction(+ : sum, product)
    for (int64_t k = 0; k < c; k++) {
      const float normed = (x[k] - mean) * rstd, outer = g[k] * w[k];
      sum += outer;
      product += outer * normed;
      dw[k] += g[k] * normed;
      db[k] += g[k];
    }
    sum /= static_cast<float>(c);
    product /= static_cast<float>(c);
#pragma omp simd
    for (int64_t k = 0; k < c; k++) dx[k] = rstd * (g[k] * w[k] - sum - (x[k] - mean) * rstd * product);
  }
}

static const NormKernels kernels = {forward, again, againHalf, backward};
