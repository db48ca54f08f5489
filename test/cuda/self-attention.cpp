// Runs native/cuda/self_attention.cu: b, n, heads, p, scale, W, g in; out, dW out.
#include "emulate.h"
#define shared emulatedShared
#include "../../native/cuda/self_attention.cu"
#undef shared

int main(int, char** arguments) {
  const bool causal = arguments[1][0] == '1', downwards = arguments[2][0] == '1';
  const auto sizes = taken<int>(4);
  const Heads z{sizes[1], sizes[3], sizes[2], causal, taken<float>(1)[0]};
  const size_t tokens = sizes[0] * z.n * z.count, size = tokens * z.p;
  const auto W = taken<float>(size), g = taken<float>(size);
  std::vector<float> out(size), logs(tokens), deltas(tokens), dW(size);
  const dim3 grid{(z.n + TILE - 1u) / TILE, unsigned(sizes[0] * z.count)};
  launch(grid, SIDE * SIDE, downwards, [&] { self_attention(W.data(), out.data(), logs.data(), z); });
  for (size_t i = 0; i < size; i++) deltas[i / z.p] += g[i] * out[i];
  launch(grid, SIDE * SIDE, downwards, [&] { self_attention_gradients(W.data(), g.data(), logs.data(), deltas.data(), dW.data(), z); });
  give(out), give(dW);
}
