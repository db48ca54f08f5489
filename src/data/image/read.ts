/** @file One image file to bytes: those of Pillow's `Image.open(file).convert("RGB")`, which torchvision trains on. */
import sharp, { type Metadata } from "sharp";
import type { Box } from "../augment/box.ts";
import { isBmp, readBmp } from "./bmp.ts";
import { fillAround, isGif, withoutTransparency } from "./gif.ts";
import { type JpegHeader, jpegBox, jpegHeader } from "./jpeg.ts";
import { cut, type Picture } from "./picture.ts";
import { isPnm, readPnm } from "./pnm.ts";
import { checkSize, MAX_PIXELS } from "./size.ts";

const FORMATS = ["jpeg", "png", "webp", "tiff", "gif"];

// the process has one libvips: one thread an image, and no loader for formats that embed programs or other codecs
sharp.concurrency(1);
sharp.cache(false);
sharp.block({
  operation: ["VipsForeignLoadSvg", "VipsForeignLoadPdf", "VipsForeignLoadHeif", "VipsForeignLoadMagick"],
});

/**
 * RGB of an image's bytes, whatever its format: colour profiles and gamma are ignored, alpha is dropped, the first
 * frame counts. The EXIF orientation is ignored but in TIFF. Of 16 bits the high ones stay.
 * @param boxOf the part of the image that is wanted, by its width and height; the whole unless given
 * @throws Error with the reason when it is no whole image of a known format, has more than 64 million pixels, or takes
 * more memory than a file of its size may
 */
export async function readImage(
  bytes: Uint8Array,
  boxOf = (width: number, height: number): Box => ({ top: 0, left: 0, width, height }),
): Promise<Picture> {
  if (bytes.length === 0) throw new Error("the file is empty");
  const header = jpegHeader(bytes);
  if (header !== undefined) {
    const { width, height } = header;
    checkSize(width, height, bytesEach(aboutJpeg(header)), bytes);
    const box = jpegBox(bytes, header, boxOf(width, height));
    if (box !== undefined) return box;
  }
  const picture = await readWhole(bytes, header);
  return cut(picture, boxOf(picture.width, picture.height));
}

async function readWhole(bytes: Uint8Array, header?: JpegHeader): Promise<Picture> {
  if (isBmp(bytes)) return readBmp(bytes);
  if (isPnm(bytes)) return readPnm(bytes);
  if (!isGif(bytes)) return withSharp(bytes, header);
  const { bytes: opaque, frame, colour } = withoutTransparency(bytes);
  const picture = await withSharp(opaque);
  fillAround(picture, frame, colour);
  return picture;
}

async function withSharp(bytes: Uint8Array, header?: JpegHeader): Promise<Picture> {
  const options = { limitInputPixels: MAX_PIXELS, failOn: "error", ignoreIcc: true } as const;
  const image = sharp(bytes, options);
  const about = header ? aboutJpeg(header) : await image.metadata();
  if (!FORMATS.includes(about.format))
    throw new Error(`the format is ${about.format}, expected ${FORMATS.join(", ")}, bmp or ppm`);
  checkSize(about.width, about.height, bytesEach(about), bytes);
  if (about.format === "tiff") image.autoOrient();
  if (about.space === "cmyk") image.pipelineColourspace("cmyk").toColourspace("cmyk");
  else image.toColourspace("srgb");
  const { data, info } = await image.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return { width, height, channels: 3, data: toRgb(data, channels, about) };
}

type About = Pick<Metadata, "format" | "width" | "height" | "isProgressive" | "hasAlpha" | "space">;

/** What libvips would say of most JPEGs, a tenth of the time sooner. */
const aboutJpeg = ({ width, height, channels, progressive }: JpegHeader): About => ({
  ...{ format: "jpeg", width, height, isProgressive: progressive, hasAlpha: false },
  space: channels === 3 ? "srgb" : "b-w",
});

/** What a pixel takes: its channels, RGB made of them where they are others, and the whole image where libvips keeps it. */
function bytesEach({ format, isProgressive, hasAlpha, space }: About): number {
  const streams = (format === "jpeg" || format === "png") && !isProgressive;
  return (hasAlpha || space === "cmyk" ? 4 + 3 : 3) + (streams ? 0 : 4);
}

/** [pixels, channels] → [pixels, 3]; of CMYK each is (255 − colour) (255 − black) / 255, in Pillow's steps. */
function toRgb(data: Uint8Array, channels: number, { space }: About): Uint8Array {
  if (channels === 3) return new Uint8Array(data.buffer, data.byteOffset, data.length);
  const out = new Uint8Array((data.length / channels) * 3);
  for (let i = 0, at = 0; i < out.length; i += 3, at += channels)
    for (let c = 0; c < 3; c++) {
      if (space === "cmyk") {
        const light = 255 - data[at + 3]!;
        out[i + c] = light - Math.round((data[at + c]! * light) / 255);
      } else out[i + c] = data[at + (channels >= 3 ? c : 0)]!;
    }
  return out;
}
