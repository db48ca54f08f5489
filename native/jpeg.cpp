// A box of a plain JPEG: baseline, Huffman codes, 8 bits, one scan. What is damaged or of a rarer kind is left to others.
#include <vector>

#include "environment.h"
#include "jpeg_codes.h"
#include "jpeg_pixels.h"

namespace vitrine {

namespace {

constexpr uint8_t kNatural[64] = {0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
                                  41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
                                  30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

/** No coefficient of 8-bit samples is as large. */
constexpr uint32_t kLarge = 2048;

struct Box {
  int left, top, width, height;
};

/** A colour of the frame. Its samples in the box, and beside it what upsampling looks at, lie in a ring of two rows of MCUs. */
struct Component {
  int id, across, down, table;
  const Codes *dc, *ac;
  int32_t before;  // the DC coefficient of the block before
  int lastColumn, lastRow;
  int firstBlock, endBlock, firstRow, endRow;  // of blocks
  int64_t stride;
  std::vector<uint8_t> ring;

  int rows() const { return 16 * down; }
  /** Row y, from its first block on; rows past the edge are the edge. */
  const uint8_t* row(int y) const { return ring.data() + std::clamp(y, 0, lastRow) % rows() * stride; }
};

class Jpeg {
 public:
  Jpeg(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  /** RGB [height, width, 3] of the box of an image of that size; whether it is a plain JPEG, and whole. */
  bool decode(int width, int height, const Box& box, uint8_t* out) {
    return header() && width_ == width && height_ == height && prepare(box) && scan(box, out);
  }

 private:
  /** All up to the scan. */
  bool header() {
    if (size_ < 4 || data_[0] != 0xff || data_[1] != 0xd8) return false;
    for (at_ = 2; at_ + 4 <= size_ && data_[at_] == 0xff;) {
      const uint8_t marker = data_[at_ + 1];
      const uint8_t* segment = data_ + at_ + 4;
      const int length = (data_[at_ + 2] << 8 | data_[at_ + 3]) - 2;
      if (length < 0 || at_ + 4 + length > size_) return false;
      at_ += 4 + length;
      if (marker == 0xda) return start(segment, length);
      if (!takes(marker, segment, length)) return false;
    }
    return false;
  }

  bool takes(uint8_t marker, const uint8_t* segment, int length) {
    switch (marker) {
      case 0xdb: return quantisers(segment, length);
      case 0xc4: return codes(segment, length);
      case 0xc0: case 0xc1: return frame(segment, length);
      case 0xdd:  // MCUs between restarts
        if (length != 2) return false;
        interval_ = segment[0] << 8 | segment[1];
        return true;
      case 0xee:  // Adobe's says which colours there are: 1 is YCbCr
        if (length >= 12 && std::memcmp(segment, "Adobe", 5) == 0) return segment[11] == 1;
        [[fallthrough]];
      default: return marker == 0xfe || (marker >= 0xe0 && marker <= 0xef);
    }
  }

  bool quantisers(const uint8_t* at, int length) {
    for (; length >= 65; at += 65, length -= 65) {
      if (at[0] > 3) return false;  // of 16 bits, or a fifth
      for (int k = 0; k < 64; k++) quantisers_[at[0]][k] = at[1 + k];
      hasQuantiser_[at[0]] = true;
    }
    return length == 0;
  }

  bool codes(const uint8_t* at, int length) {
    while (length >= 17) {
      const int kind = at[0] >> 4, table = at[0] & 15;
      int total = 0;
      for (int i = 1; i <= 16; i++) total += at[i];
      if (kind > 1 || table > 3 || total > 256 || length < 17 + total) return false;
      if (!codes_[kind][table].build(at + 1, at + 17, total)) return false;
      if (kind == 1) codes_[1][table].buildWhole();
      at += 17 + total;
      length -= 17 + total;
    }
    return length == 0;
  }

  bool frame(const uint8_t* at, int length) {
    if (!components_.empty() || length < 9 || at[0] != 8) return false;
    height_ = at[1] << 8 | at[2];
    width_ = at[3] << 8 | at[4];
    const int count = at[5];
    if ((count != 1 && count != 3) || length != 6 + 3 * count || width_ == 0 || height_ == 0) return false;
    components_.resize(count);
    for (int c = 0; c < count; c++) {
      Component& one = components_[c];
      one.id = at[6 + 3 * c];
      one.across = at[7 + 3 * c] >> 4;
      one.down = at[7 + 3 * c] & 15;
      one.table = at[8 + 3 * c];
      if (one.table > 3) return false;
    }
    Component& first = components_[0];
    if (count == 1) first.across = first.down = 1;  // alone in its scan, its blocks follow each other
    else if (first.id == 'R' && components_[1].id == 'G') return false;
    for (int c = 1; c < count; c++)
      if (components_[c].across != 1 || components_[c].down != 1) return false;
    return (first.across == 1 || first.across == 2) && (first.down == 1 || (first.down == 2 && first.across == 2));
  }

  bool start(const uint8_t* at, int length) {
    const int count = static_cast<int>(components_.size());
    if (count == 0 || length != 4 + 2 * count || at[0] != count) return false;
    for (int c = 0; c < count; c++) {
      Component& one = components_[c];
      const int dc = at[2 + 2 * c] >> 4, ac = at[2 + 2 * c] & 15;
      if (at[1 + 2 * c] != one.id || dc > 3 || ac > 3) return false;
      one.dc = &codes_[0][dc];
      one.ac = &codes_[1][ac];
      if (!one.dc->known || !one.ac->known || !hasQuantiser_[one.table]) return false;
    }
    const uint8_t* which = at + 1 + 2 * count;  // all coefficients, to the last bit
    return which[0] == 0 && which[1] == 63 && which[2] == 0;
  }

  /** Which blocks of each colour are needed. */
  bool prepare(const Box& box) {
    const int across = components_[0].across, down = components_[0].down;
    for (Component& one : components_) {
      const int wide = across / one.across, tall = down / one.down;
      one.lastColumn = (width_ - 1) / wide;
      one.lastRow = (height_ - 1) / tall;
      if (wide == 2 && one.lastColumn < 2) return false;  // too narrow to be upsampled smoothly
      const int left = std::max(box.left / wide - (wide - 1), 0), top = std::max(box.top / tall - (tall - 1), 0);
      const int right = std::min((box.left + box.width - 1) / wide + (wide - 1), one.lastColumn);
      const int bottom = std::min((box.top + box.height - 1) / tall + (tall - 1), one.lastRow);
      one.firstBlock = left / 8;
      one.endBlock = right / 8 + 1;
      one.firstRow = top / 8;
      one.endRow = bottom / 8 + 1;
      one.stride = 8 * (one.endBlock - one.firstBlock);
      one.ring.resize(one.rows() * one.stride);
    }
    return true;
  }

  bool scan(const Box& box, uint8_t* out) {
    const int wide = 8 * components_[0].across, tall = 8 * components_[0].down;
    const int columns = (width_ + wide - 1) / wide, rows = (height_ + tall - 1) / tall;
    const int end = box.top + box.height;
    const int count = static_cast<int>(components_.size());
    Bits bits(data_, at_, size_);
    for (Component& one : components_) one.before = 0;
    for (auto& row : upsampled_) row.resize(box.width / 2 + 2);
    sums_.resize(box.width / 2 + 4);
    pixels_.resize(box.width);
    int64_t done = 0;
    int next = box.top;  // the next row that is given out
    for (int y = 0; y < rows; y++) {
      for (int x = 0; x < columns; x++, done++) {
        if (interval_ != 0 && done != 0 && done % interval_ == 0) {
          if (!bits.passes(0xd0 + (done / interval_ - 1) % 8)) return false;
          for (Component& one : components_) one.before = 0;
        }
        for (int c = 0; c < count; c++) {
          Component& one = components_[c];
          for (int v = 0; v < one.down; v++)
            for (int h = 0; h < one.across; h++)
              if (!block(bits, one, x * one.across + h, y * one.down + v)) return false;
        }
      }
      if (!bits.inTime()) return false;
      // the last rows of halved chroma look at the next ones
      const int ready = y == rows - 1 ? height_ : (y + 1) * tall - (tall == 16 ? 1 : 0);
      for (; next < std::min(ready, end); next++, out += 3 * box.width) colours(box, next, out);
    }
    return bits.passes(0xd9);
  }

  /** Reads a block, and computes its samples where they are needed. */
  bool block(Bits& from, Component& one, int column, int row) {
    Bits bits = from;  // in registers
    alignas(32) int16_t values[64] = {};
    const uint8_t* quantiser = quantisers_[one.table];
    bits.fill();
    const int size = bits.symbol(*one.dc);
    if (size < 0 || size > 15) return false;
    if (size > 0) one.before += bits.number(size);
    int32_t value = one.before * quantiser[0];
    uint32_t large = std::abs(value);
    values[0] = static_cast<int16_t>(value);
    for (int k = 1; k < 64; k++) {
      bits.fill();
      int32_t number;
      if (const int32_t found = bits.whole(*one.ac)) {
        number = found >> 16;
        k += (found >> 8) & 255;
        if (k >= Codes::kEnd) {
          if (((found >> 8) & 255) == Codes::kEnd) break;
          return false;
        }
      } else {
        const int symbol = bits.symbol(*one.ac);
        if (symbol < 0) return false;
        const int zeros = symbol >> 4, size = symbol & 15;
        if (size == 0 && zeros != 15) break;
        k += zeros;
        if (k > 63) return false;
        number = size == 0 ? 0 : bits.number(size);
      }
      value = number * quantiser[k];
      large |= std::abs(value);
      values[kNatural[k]] = static_cast<int16_t>(value);
    }
    from = bits;
    if (large >= kLarge) return false;
    if (column >= one.firstBlock && column < one.endBlock && row >= one.firstRow && row < one.endRow)
      toSamples(values, one.ring.data() + 8 * row % one.rows() * one.stride + 8 * (column - one.firstBlock), one.stride);
    return true;
  }

  /** A row of the box, in red, green and blue. */
  void colours(const Box& box, int y, uint8_t* out) {
    const Component& luma = components_[0];
    const uint8_t* light = luma.row(y) + box.left - 8 * luma.firstBlock;
    if (components_.size() == 1) {
      for (int x = 0; x < box.width; x++, out += 3) out[0] = out[1] = out[2] = light[x];
      return;
    }
    const uint8_t* chroma[2];
    for (int c = 0; c < 2; c++) {
      const Component& one = components_[1 + c];
      if (luma.across == 1) {
        chroma[c] = one.row(y) + box.left - 8 * one.firstBlock;
        continue;
      }
      const int first = box.left / 2, count = (box.left + box.width - 1) / 2 - first + 1, skipped = 8 * one.firstBlock;
      const bool rows = luma.down == 2;
      const uint8_t* near = one.row(rows ? y / 2 : y);
      const uint8_t* far = rows ? one.row(y / 2 + (y % 2 == 0 ? -1 : 1)) : near;
      upsample(near - skipped, far - skipped, rows ? kRows : kColumns, first, count, one.lastColumn, sums_.data(), upsampled_[c].data());
      chroma[c] = reinterpret_cast<const uint8_t*>(upsampled_[c].data()) + box.left % 2;
    }
    toColours(light, chroma[0], chroma[1], box.width, pixels_.data(), out);
  }

  const uint8_t* data_;
  size_t size_, at_ = 0;
  int width_ = 0, height_ = 0, interval_ = 0;
  uint8_t quantisers_[4][64];
  bool hasQuantiser_[4] = {};
  Codes codes_[2][4];
  std::vector<Component> components_;
  std::vector<uint16_t> upsampled_[2], sums_;
  std::vector<uint32_t> pixels_;
};

/** (bytes, [width, height, left, top, width of the box, height of the box], out): whether it is plain and whole. */
napi_value decodeJpeg(napi_env env, napi_callback_info info) {
  return guarded<3>(env, info, [&](Environment&, size_t, napi_value* argv) {
    int sizes[6];
    for (uint32_t i = 0; i < 6; i++) sizes[i] = toWhole(env, at(env, argv[1], i), i == 2 || i == 3 ? 0 : 1, 65535, "a size");
    const Box box{sizes[2], sizes[3], sizes[4], sizes[5]};
    if (box.left + box.width > sizes[0] || box.top + box.height > sizes[1]) throw Misuse("expected a box of the picture");
    size_t length;
    const auto* bytes = typedArray<uint8_t>(env, argv[0], napi_uint8_array, 0, "a file's bytes", &length);
    auto* out = typedArray<uint8_t>(env, argv[2], napi_uint8_array, 3.0 * box.width * box.height, "room for the box");
    const auto jpeg = std::make_unique<Jpeg>(bytes, length);  // its tables are large for a stack
    return fromBool(env, jpeg->decode(sizes[0], sizes[1], box, out));
  });
}

}  // namespace

void exportJpeg(Exports& exports) {
  exports.push_back({"decodeJpeg", nullptr, decodeJpeg, nullptr, nullptr, nullptr, napi_enumerable, nullptr});
}

}  // namespace vitrine
