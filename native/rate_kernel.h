// The arithmetic of rates for one instruction set and one number: included once for each, inside a namespace that defines
// Number, kWidth (numbers of a register) and kRows (rows of a tile, so that its sums stay in registers; it divides kWidth).
// No include guard, here and in what follows.
#include "rate_registers.h"
#include "rate_gram.h"
#include "rate_inverse.h"
#include "rate_product.h"
#include "rate_resolvent.h"

static const RateKernels<Number> kernels = {gram, invert, product, resolvent};
