// A box of a JPEG by libjpeg-turbo, where set-up found its headers.
#include "environment.h"

#ifdef VITRINE_JPEG
#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>
#endif

namespace vitrine {

// IJG's own library has other pixels where chroma is halved; before 2.1 lines that are skipped had faults
#if defined(LIBJPEG_TURBO_VERSION_NUMBER) && LIBJPEG_TURBO_VERSION_NUMBER >= 2001000

namespace {

struct Box {
  uint32_t left, top, width, height;
};

struct Errors {
  jpeg_error_mgr manager;
  jmp_buf back;
};

void leave(j_common_ptr info) { longjmp(reinterpret_cast<Errors*>(info->err)->back, 1); }

void count(j_common_ptr info, int level) {
  if (level < 0) info->err->num_warnings++;
}

/** Lines up to `end` into one that nobody reads; their codes are read, so that damage anywhere in a file is found. */
void pass(jpeg_decompress_struct& info, JDIMENSION end, uint8_t* line) {
  if (info.output_scanline + 1 < end) jpeg_skip_scanlines(&info, end - 1 - info.output_scanline);
  while (info.output_scanline < end) jpeg_read_scanlines(&info, &line, 1);
}

/**
 * Colours of a box [height, width, 3]; whether the whole file could be read, without a warning, at that size.
 * @param line room for three bytes of each column
 */
bool decodeBox(const uint8_t* bytes, size_t length, JDIMENSION width, JDIMENSION height, const Box& box, uint8_t* line, uint8_t* out) {
  jpeg_decompress_struct info;
  Errors errors;
  info.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = leave;
  errors.manager.emit_message = count;
  if (setjmp(errors.back) != 0) {
    jpeg_destroy_decompress(&info);
    return false;
  }
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, bytes, length);
  jpeg_read_header(&info, TRUE);
  info.out_color_space = JCS_RGB;
  bool whole = info.image_width == width && info.image_height == height;
  if (whole) {
    jpeg_start_decompress(&info);
    // the colour of a column depends on its neighbours, which a cut leaves out: a block more at each side
    const JDIMENSION block = info.max_h_samp_factor * DCTSIZE, end = std::min(width, box.left + box.width + block);
    JDIMENSION left = box.left > block ? box.left - block : 0, columns = end - left;
    if (columns < width) jpeg_crop_scanline(&info, &left, &columns);
    pass(info, box.top, line);
    for (JDIMENSION y = 0; y < box.height; y++) {
      jpeg_read_scanlines(&info, &line, 1);
      std::copy_n(line + 3 * (box.left - left), 3 * box.width, out + 3 * size_t{box.width} * y);
    }
    pass(info, height, line);
    jpeg_finish_decompress(&info);
    whole = errors.manager.num_warnings == 0;
  }
  jpeg_destroy_decompress(&info);
  return whole;
}

/** (bytes, [width, height, left, top, width of the box, height of the box], out): whether the file could be read. */
napi_value decodeJpeg(napi_env env, napi_callback_info info) {
  return guarded<3>(env, info, [&](Environment&, size_t, napi_value* argv) {
    uint32_t sizes[6];
    for (uint32_t i = 0; i < 6; i++) sizes[i] = toWhole(env, at(env, argv[1], i), i == 2 || i == 3 ? 0 : 1, JPEG_MAX_DIMENSION, "a size");
    const auto [width, height, left, top, wide, tall] = sizes;
    if (left + wide > width || top + tall > height) throw Misuse("expected a box of the picture");
    size_t length;
    const auto* bytes = typedArray<uint8_t>(env, argv[0], napi_uint8_array, 0, "a file's bytes", &length);
    auto* out = typedArray<uint8_t>(env, argv[2], napi_uint8_array, 3.0 * wide * tall, "room for the box");
    std::vector<uint8_t> line(3 * size_t{width});
    return fromBool(env, decodeBox(bytes, length, width, height, {left, top, wide, tall}, line.data(), out));
  });
}

}  // namespace

void exportJpeg(Exports& exports) {
  exports.push_back({"decodeJpeg", nullptr, decodeJpeg, nullptr, nullptr, nullptr, napi_enumerable, nullptr});
}

#else

void exportJpeg(Exports&) {}

#endif

}  // namespace vitrine
