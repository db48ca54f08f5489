// Layer normalisation of a sum, by rows of COLUMNS numbers: what a block adds to its tokens, and the norm that the next one begins with.
//
//   s = x + r,   m = mean(s),   ρ = 1 / √(mean((s − m)²) + ε),   ŝ = (s − m) ρ,   y = ŝ w + b
//
// With g for y, g⁺ for s and h = g w:
//
//   dx = dr = g⁺ + ρ (h − mean(h) − ŝ mean(h ŝ)),   dw = Σ g ŝ,   db = Σ g      sums over rows
//
// A warp takes a row, its numbers in registers: x, r, g and s are read once, s, y and dx written once.

#define LANES 32
#define EACH ((COLUMNS + LANES - 1) / LANES)

/** The sum over the lanes of a warp, in each of them. */
static __device__ float ofWarp(float v) {
  for (int apart = LANES / 2; apart > 0; apart /= 2) v += __shfl_xor_sync(0xffffffffu, v, apart);
  return v;
}

extern "C" __global__ void add_layer_norm(const float* x, const float* r, const float* w, const float* b, float epsilon, long long rows,
                                          float* s, float* y, float* means, float* scales) {
  const int lane = threadIdx.x % LANES;
  const long long row = (long long)blockIdx.x * (blockDim.x / LANES) + threadIdx.x / LANES, first = row * COLUMNS;
  if (row >= rows) return;  // the whole warp
  float v[EACH], sum = 0, squares = 0;
#pragma unroll
  for (int k = 0; k < EACH; k++) {
    const int c = lane + k * LANES;
    v[k] = c < COLUMNS ? x[first + c] + r[first + c] : 0;
    if (c < COLUMNS) s[first + c] = v[k];
    sum += v[k];
  }
  const float m = ofWarp(sum) / COLUMNS;
#pragma unroll
  for (int k = 0; k < EACH; k++) {
    v[k] -= m;
    if (lane + k * LANES < COLUMNS) squares += v[k] * v[k];
  }
  const float scale = rsqrtf(ofWarp(squares) / COLUMNS + epsilon);
#pragma unroll
  for (int k = 0; k < EACH; k++) {
    const int c = lane + k * LANES;
    if (c < COLUMNS) y[first + c] = v[k] * scale * w[c] + b[c];
  }
  if (lane == 0) means[row] = m, scales[row] = scale;
}

/** `outer` is g⁺, or null; sums [blocks, 2, COLUMNS] are dw and db of each block's rows, added in the order of its warps. */
extern "C" __global__ void add_layer_norm_gradients(const float* g, const float* outer, const float* s, const float* means, const float* scales,
                                                    const float* w, long long rows, float* dx, float* sums) {
  extern __shared__ float total[];  // [2, COLUMNS]
  const int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES, warps = blockDim.x / LANES;
  float dw[EACH], db[EACH];
#pragma unroll
  for (int k = 0; k < EACH; k++) dw[k] = db[k] = 0;
  for (long long row = (long long)blockIdx.x * warps + warp; row < rows; row += (long long)gridDim.x * warps) {
    const long long first = row * COLUMNS;
    const float m = means[row], scale = scales[row];
    float unit[EACH], h[EACH], sum = 0, along = 0;
#pragma unroll
    for (int k = 0; k < EACH; k++) {
      const int c = lane + k * LANES;
      const bool in = c < COLUMNS;
      const float gc = in ? g[first + c] : 0;
      unit[k] = in ? (s[first + c] - m) * scale : 0;
      h[k] = in ? gc * w[c] : 0;
      sum += h[k], along += h[k] * unit[k];
      dw[k] += gc * unit[k], db[k] += gc;
    }
    sum = ofWarp(sum) / COLUMNS, along = ofWarp(along) / COLUMNS;
#pragma unroll
    for (int k = 0; k < EACH; k++) {
      const int c = lane + k * LANES;
      if (c < COLUMNS) dx[first + c] = (outer == nullptr ? 0 : outer[first + c]) + scale * (h[k] - sum - unit[k] * along);
    }
  }
  for (int turn = 0; turn < warps; turn++) {
    if (turn == warp)
#pragma unroll
      for (int k = 0; k < EACH; k++) {
        const int c = lane + k * LANES;
        if (c < COLUMNS) {
          total[c] = (turn == 0 ? 0 : total[c]) + dw[k];
          total[COLUMNS + c] = (turn == 0 ? 0 : total[COLUMNS + c]) + db[k];
        }
      }
    __syncthreads();
  }
  for (int c = threadIdx.x; c < 2 * COLUMNS; c += blockDim.x) sums[(long long)blockIdx.x * 2 * COLUMNS + c] = total[c];
}
