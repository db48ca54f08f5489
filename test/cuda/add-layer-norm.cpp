// Runs native/cuda/add_layer_norm.cu: rows, ε, x, r, w, b, g, g⁺ in; s, y, dx, dw, db out.
#include "emulate.h"
#define total emulatedShared
#include "../../native/cuda/add_layer_norm.cu"
#undef total

int main(int, char** arguments) {
  const bool plain = arguments[1][0] == '1', downwards = arguments[2][0] == '1';  // plain: no g⁺
  const auto [rows, blocks] = std::pair(taken<int>(1)[0], 3u);
  const float epsilon = taken<float>(1)[0];
  const size_t size = rows * COLUMNS;
  const auto x = taken<float>(size), r = taken<float>(size), w = taken<float>(COLUMNS), b = taken<float>(COLUMNS);
  const auto g = taken<float>(size), outer = taken<float>(size);
  std::vector<float> s(size), y(size), means(rows), scales(rows), dx(size), sums(blocks * 2 * COLUMNS), total(2 * COLUMNS);
  launch({(rows + 3u) / 4}, 128, downwards, [&] {
    add_layer_norm(x.data(), r.data(), w.data(), b.data(), epsilon, rows, s.data(), y.data(), means.data(), scales.data());
  });
  launch({blocks}, 128, downwards, [&] {
    add_layer_norm_gradients(g.data(), plain ? nullptr : outer.data(), s.data(), means.data(), scales.data(), w.data(), rows, dx.data(), sums.data());
  });
  for (size_t i = 0; i < sums.size(); i++) total[i % (2 * COLUMNS)] += sums[i];
  give(s), give(y), give(dx), give(total);
}
