// Attention of tokens that are queries, keys and values at once, by heads, with its gradient, in single precision:
//
//   s_ij = scale wᵢ·wⱼ,   lᵢ = log Σⱼ exp(s_ij),   P_ij = exp(s_ij − lᵢ),   outᵢ = Σⱼ P_ij wⱼ
//
// With gᵢ for outᵢ and δᵢ = gᵢ·outᵢ, since s is symmetric and wᵢ is query, key and value,
//
//   T_ij = P_ij (gᵢ·wⱼ − δᵢ) + P_ji (wᵢ·gⱼ − δⱼ),   dwᵢ = Σⱼ scale T_ij wⱼ + P_ji gⱼ
//
// A term of a key that is not seen is left out. Softmax needs a number near the largest score of a row, and the Gaussian form knows
// one: s_ij = dᵢ + dⱼ − scale ‖wᵢ − wⱼ‖² / 2 with dᵢ = s_ii / 2, so s_ij − s_ii ≤ dⱼ − dᵢ. Sums therefore start from the token's own
// score, and only keys whose d lies FAR above that of a row make the rows look for their largest score.
//
// W is [b, n, heads, p]. A block of 16 × 16 threads takes TILE rows of a head and goes over its keys, TILE at a time, in
// shared memory, in rows of WIDTH numbers: p and zeros. A thread has EACH × EACH scores and EACH × WIDTH / 16 numbers of the result.
// Each row is summed by one block in one order: the same bits each time.

#define SIDE 16
#define EACH (TILE / SIDE)
#define PARTS (WIDTH / SIDE)
// four numbers more than a row has: threads that read the same place of neighbouring rows find it in different banks
#define ROW (WIDTH + 4)
#define SCORES (TILE + 4)
#define FAR 40.f
#define NEVER (-__int_as_float(0x7f800000))

struct Heads {
  int n, p, count, causal;
  float scale;
};

/** Where the first number of a block's head is, and how far it is from one token to the next. */
static __device__ long long headStart(const Heads& z) {
  return (long long)(blockIdx.y / z.count) * z.n * z.count * z.p + (long long)(blockIdx.y % z.count) * z.p;
}
/** The place of a token's number in [b, n, heads]. */
static __device__ long long placeOf(const Heads& z, int i) {
  return ((long long)(blockIdx.y / z.count) * z.n + i) * z.count + blockIdx.y % z.count;
}

/** Rows from `first` on into shared memory, zeros beyond n and p. */
static __device__ void load(float* tile, const float* head, int first, const Heads& z) {
  for (int t = threadIdx.x; t < TILE * WIDTH; t += SIDE * SIDE) {
    const int i = t / WIDTH, k = t % WIDTH;
    tile[i * ROW + k] = first + i < z.n && k < z.p ? head[(long long)(first + i) * z.count * z.p + k] : 0;
  }
}

static __device__ float dot(const float4& a, const float4& b, float sum) { return sum + a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w; }
static __device__ const float4& four(const float* from) { return *reinterpret_cast<const float4*>(from); }

/** dᵢ of a row in shared memory. */
static __device__ float halfScore(const float* row, const Heads& z) {
  float sum = 0;
  for (int k = 0; k < WIDTH; k += 4) sum = dot(four(row + k), four(row + k), sum);
  return sum * z.scale / 2;
}

/** A thread's products of rows y + SIDE r of A and rows x + SIDE c of B. */
static __device__ void dots(const float* A, const float* B, int y, int x, float (&s)[EACH][EACH]) {
#pragma unroll
  for (int r = 0; r < EACH; r++)
#pragma unroll
    for (int c = 0; c < EACH; c++) s[r][c] = 0;
#pragma unroll 4
  for (int k = 0; k < WIDTH; k += 4) {
    float4 b[EACH];
#pragma unroll
    for (int c = 0; c < EACH; c++) b[c] = four(B + (x + SIDE * c) * ROW + k);
#pragma unroll
    for (int r = 0; r < EACH; r++) {
      const float4 a = four(A + (y + SIDE * r) * ROW + k);
#pragma unroll
      for (int c = 0; c < EACH; c++) s[r][c] = dot(a, b[c], s[r][c]);
    }
  }
}

/** sums += P V for rows y + SIDE r of P [TILE, TILE] and columns x + SIDE q of V. */
static __device__ void addProduct(const float* P, const float* V, int y, int x, float (&sums)[EACH][PARTS]) {
#pragma unroll 2
  for (int j = 0; j < TILE; j += 4) {
    float4 p[EACH];
#pragma unroll
    for (int r = 0; r < EACH; r++) p[r] = four(P + (y + SIDE * r) * SCORES + j);
#pragma unroll
    for (int q = 0; q < PARTS; q++) {
      const float* v = V + j * ROW + x + SIDE * q;
      const float4 column{v[0], v[ROW], v[2 * ROW], v[3 * ROW]};
#pragma unroll
      for (int r = 0; r < EACH; r++) sums[r][q] = dot(p[r], column, sums[r][q]);
    }
  }
}

/** Writes a thread's part of the rows from `first` on. */
static __device__ void store(float* head, int first, int y, int x, const float (&sums)[EACH][PARTS], const Heads& z) {
#pragma unroll
  for (int r = 0; r < EACH; r++)
#pragma unroll
    for (int q = 0; q < PARTS; q++) {
      const int i = first + y + SIDE * r, k = x + SIDE * q;
      if (i < z.n && k < z.p) head[(long long)i * z.count * z.p + k] = sums[r][q];
    }
}

/** The sum, or the largest, over the threads of a row: half a warp. */
static __device__ float ofRow(float v) {
  for (int apart = SIDE / 2; apart > 0; apart /= 2) v += __shfl_xor_sync(0xffffffffu, v, apart);
  return v;
}
static __device__ float largestOfRow(float v) {
  for (int apart = SIDE / 2; apart > 0; apart /= 2) v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, apart));
  return v;
}

/** out and l [b, n, heads]. Shared memory: rows, keys [TILE, ROW]; P [TILE, SCORES]; d of rows [TILE]. */
extern "C" __global__ void self_attention(const float* W, float* out, float* logs, Heads z) {
  extern __shared__ float shared[];
  float *rows = shared, *keys = rows + TILE * ROW, *P = keys + TILE * ROW, *own = P + TILE * SCORES;
  const int t = threadIdx.x, y = t / SIDE, x = t % SIDE, first = blockIdx.x * TILE;
  const float* head = W + headStart(z);
  load(rows, head, first, z);
  __syncthreads();
  if (t < TILE) own[t] = halfScore(rows + t * ROW, z);
  __syncthreads();
  float least = own[0];
  for (int i = 1; i < TILE && first + i < z.n; i++) least = fminf(least, own[i]);
  float top[EACH], total[EACH], sums[EACH][PARTS];
#pragma unroll
  for (int r = 0; r < EACH; r++) {
    top[r] = 2 * own[y + SIDE * r], total[r] = 0;
#pragma unroll
    for (int q = 0; q < PARTS; q++) sums[r][q] = 0;
  }
  for (int begin = 0; begin < (z.causal ? min(z.n, first + TILE) : z.n); begin += TILE) {
    load(keys, head, begin, z);
    __syncthreads();
    const bool far = __syncthreads_or(t < TILE && halfScore(keys + t * ROW, z) - least > FAR);
    float s[EACH][EACH];
    dots(rows, keys, y, x, s);
#pragma unroll
    for (int r = 0; r < EACH; r++) {
      const int i = first + y + SIDE * r;
      float largest = NEVER;
#pragma unroll
      for (int c = 0; c < EACH; c++) {
        const int j = begin + x + SIDE * c;
        s[r][c] = j < z.n && !(z.causal && j > i) ? s[r][c] * z.scale : NEVER;
        largest = fmaxf(largest, s[r][c]);
      }
      if (far) {
        largest = fmaxf(top[r], largestOfRow(largest));
        const float less = expf(top[r] - largest);
        top[r] = largest, total[r] *= less;
#pragma unroll
        for (int q = 0; q < PARTS; q++) sums[r][q] *= less;
      }
#pragma unroll
      for (int c = 0; c < EACH; c++) {
        const float e = expf(s[r][c] - top[r]);
        total[r] += e;
        P[(y + SIDE * r) * SCORES + x + SIDE * c] = e;
      }
    }
    __syncthreads();
    addProduct(P, keys, y, x, sums);
    __syncthreads();
  }
#pragma unroll
  for (int r = 0; r < EACH; r++) {
    const float all = ofRow(total[r]);
    const int i = first + y + SIDE * r;
#pragma unroll
    for (int q = 0; q < PARTS; q++) sums[r][q] /= all;
    if (x == 0 && i < z.n) logs[placeOf(z, i)] = top[r] + logf(all);
  }
  store(out + headStart(z), first, y, x, sums, z);
}

/** dW from g, l and δ, the last two [b, n, heads]. Shared memory: W and G of rows, of keys [TILE, ROW]; T, Pᵀ [TILE, SCORES]; l, δ of keys [TILE]. */
extern "C" __global__ void self_attention_gradients(const float* W, const float* G, const float* logs, const float* deltas, float* dW, Heads z) {
  extern __shared__ float shared[];
  float *rows = shared, *outer = rows + TILE * ROW, *keys = outer + TILE * ROW, *others = keys + TILE * ROW;
  float *T = others + TILE * ROW, *P = T + TILE * SCORES, *l = P + TILE * SCORES, *delta = l + TILE;
  const int t = threadIdx.x, y = t / SIDE, x = t % SIDE, first = blockIdx.x * TILE;
  const long long start = headStart(z);
  load(rows, W + start, first, z), load(outer, G + start, first, z);
  float li[EACH], di[EACH], sums[EACH][PARTS];
#pragma unroll
  for (int r = 0; r < EACH; r++) {
    const int i = first + y + SIDE * r;
    li[r] = i < z.n ? logs[placeOf(z, i)] : 0, di[r] = i < z.n ? deltas[placeOf(z, i)] : 0;
#pragma unroll
    for (int q = 0; q < PARTS; q++) sums[r][q] = 0;
  }
  for (int begin = 0; begin < z.n; begin += TILE) {
    load(keys, W + start, begin, z), load(others, G + start, begin, z);
    if (t < TILE) {
      const bool in = begin + t < z.n;
      l[t] = in ? logs[placeOf(z, begin + t)] : 0, delta[t] = in ? deltas[placeOf(z, begin + t)] : 0;
    }
    __syncthreads();
    float s[EACH][EACH], a[EACH][EACH], b[EACH][EACH];
    dots(rows, keys, y, x, s);
    dots(outer, keys, y, x, a);
    dots(rows, others, y, x, b);
#pragma unroll
    for (int r = 0; r < EACH; r++)
#pragma unroll
      for (int c = 0; c < EACH; c++) {
        const int row = y + SIDE * r, key = x + SIDE * c, i = first + row, j = begin + key;
        const bool both = i < z.n && j < z.n;
        const float ij = both && !(z.causal && j > i) ? expf(s[r][c] * z.scale - li[r]) : 0;
        const float ji = both && !(z.causal && i > j) ? expf(s[r][c] * z.scale - l[key]) : 0;
        T[row * SCORES + key] = z.scale * (ij * (a[r][c] - di[r]) + ji * (b[r][c] - delta[key]));
        P[row * SCORES + key] = ji;
      }
    __syncthreads();
    addProduct(T, keys, y, x, sums);
    addProduct(P, others, y, x, sums);
    __syncthreads();
  }
  store(dW + start, first, y, x, sums, z);
}
