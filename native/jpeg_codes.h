// The Huffman codes of a JPEG, and the bits of a scan.
#pragma once
#include <cstdint>
#include <cstring>

namespace vitrine {

/** A number's bits, which are those of itself, or of itself less one where it is negative: then they start with 0. */
inline int32_t signedNumber(int32_t bits, int size) { return bits >> (size - 1) != 0 ? bits : bits - (1 << size) + 1; }

/** A table of codes, of 1 to 16 bits. */
struct Codes {
  static constexpr int kQuick = 11;
  /** For the next bits: length << 8 | symbol of the code that they start with; 0 where it is longer. */
  uint16_t quick[1 << kQuick];
  /** Of AC coefficients, for the next bits: value << 16 | zeros before it << 8 | length, where code and number are among them. */
  int32_t whole[1 << kQuick];
  /** Of each length: the first code that is longer, in 16 bits, and what added to a code gives the place of its symbol. */
  uint32_t end[17];
  int32_t place[17];
  uint8_t symbols[256];
  bool known = false;

  /** @param counts codes of each length from 1; @return whether they are codes */
  bool build(const uint8_t* counts, const uint8_t* values, int total) {
    std::memcpy(symbols, values, total);
    std::memset(quick, 0, sizeof quick);
    uint32_t code = 0;
    int next = 0;
    for (int length = 1; length <= 16; length++, code <<= 1) {
      place[length] = next - static_cast<int32_t>(code);
      for (int i = 0; i < counts[length - 1]; i++, code++, next++) {
        if (code >= 1u << length) return false;
        if (length > kQuick) continue;
        const int free = kQuick - length;
        for (uint32_t at = code << free; at < (code + 1) << free; at++) quick[at] = static_cast<uint16_t>(length << 8 | symbols[next]);
      }
      end[length] = code << (16 - length);
    }
    return known = true;
  }

  /** Zeros before the end of a block: more than there are. */
  static constexpr int kEnd = 64;

  void buildWhole() {
    for (int32_t at = 0; at < 1 << kQuick; at++) {
      const int length = quick[at] >> 8, zeros = (quick[at] & 255) >> 4, size = quick[at] & 15, rest = kQuick - length - size;
      whole[at] = 0;
      if (length == 0 || rest < 0) continue;
      const int32_t number = size == 0 ? 0 : signedNumber((at >> rest) & ((1 << size) - 1), size);
      whole[at] = number * 65536 + ((size == 0 && zeros != 15 ? kEnd : zeros) << 8) + length + size;
    }
  }
};

/** Reads bits, from the highest of each byte, up to the next marker. */
class Bits {
 public:
  Bits() = default;
  Bits(const uint8_t* data, size_t at, size_t end) : data_(data), at_(at), end_(end) {}

  /** At least 32 bits, zeros after the last: enough for a code and its number. */
  void fill() {
    if (count_ >= 32) return;
    if (at_ + 8 <= end_) {
      uint64_t word;
      std::memcpy(&word, data_ + at_, 8);
      word = __builtin_bswap64(word);
      constexpr uint64_t ones = 0x0101010101010101;
      if (((~word - ones) & word & (ones << 7)) == 0) {  // none of them is 255
        bits_ |= word >> count_;
        const int bytes = (63 - count_) >> 3;
        at_ += bytes;
        count_ += 8 * bytes;
        return;
      }
    }
    for (; count_ <= 56; count_ += 8) {
      uint64_t byte = 0;
      if (at_ >= end_ || (data_[at_] == 255 && (at_ + 1 >= end_ || data_[at_ + 1] != 0))) lent_ += 8;
      else {
        byte = data_[at_];
        at_ += byte == 255 ? 2 : 1;
      }
      bits_ |= byte << (56 - count_);
    }
  }

  /** The next symbol, or −1 where no code fits. After `fill`. */
  int symbol(const Codes& codes) {
    const uint32_t found = codes.quick[bits_ >> (64 - Codes::kQuick)];
    if (found != 0) {
      skip(found >> 8);
      return found & 255;
    }
    const auto next = static_cast<uint32_t>(bits_ >> 48);
    for (int length = Codes::kQuick + 1; length <= 16; length++)
      if (next < codes.end[length]) {
        skip(length);
        return codes.symbols[codes.place[length] + static_cast<int32_t>(next >> (16 - length))];
      }
    return -1;
  }

  /** A number of `size` bits, 1 to 15. After `symbol`. */
  int32_t number(int size) {
    const auto value = static_cast<int32_t>(bits_ >> (64 - size));
    skip(size);
    return signedNumber(value, size);
  }

  /** The entry of the next bits in `whole`, which are passed; 0 where there is none. After `fill`. */
  int32_t whole(const Codes& codes) {
    const int32_t found = codes.whole[bits_ >> (64 - Codes::kQuick)];
    skip(found & 255);
    return found;
  }

  /** Whether what was read was there. */
  bool inTime() const { return count_ >= lent_; }

  /** Whether all was read but the rest of a byte, and the marker follows. It is passed, and reading starts anew. */
  bool passes(uint8_t marker) {
    const int left = count_ - lent_;
    if (left < 0 || left >= 8 || at_ + 2 > end_ || data_[at_] != 255 || data_[at_ + 1] != marker) return false;
    *this = Bits(data_, at_ + 2, end_);
    return true;
  }

 private:
  void skip(int count) {
    bits_ <<= count;
    count_ -= count;
  }

  const uint8_t* data_ = nullptr;
  size_t at_ = 0, end_ = 0;
  /** The next bits from the highest, how many are valid, and how many of these are zeros that were not there. */
  uint64_t bits_ = 0;
  int count_ = 0, lent_ = 0;
};

}  // namespace vitrine
