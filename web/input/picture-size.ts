/** @file The size of a picture from the first bytes of its file, before anything is decoded: a small file can hold gigabytes. */

/** `undefined`: no picture of a type that is read. */
export interface PictureSize {
  type: string;
  width: number;
  height: number;
}

/** PNG, JPEG, GIF, WebP and BMP. */
export function pictureSize(bytes: Uint8Array): PictureSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (from: number, length: number) => String.fromCharCode(...bytes.subarray(from, from + length));
  if (bytes.length >= 24 && text(1, 3) === "PNG" && bytes[0] === 0x89)
    return { type: "PNG", width: view.getUint32(16), height: view.getUint32(20) };
  if (bytes.length >= 10 && /^GIF8[79]a$/.test(text(0, 6)))
    return { type: "GIF", width: view.getUint16(6, true), height: view.getUint16(8, true) };
  if (bytes.length >= 26 && text(0, 2) === "BM")
    return { type: "BMP", width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) };
  if (bytes.length >= 30 && text(0, 4) === "RIFF" && text(8, 4) === "WEBP") return webp(view, text(12, 4));
  return bytes.length >= 4 && view.getUint16(0) === 0xffd8 ? jpeg(view) : undefined;
}

function webp(view: DataView, kind: string): PictureSize | undefined {
  const type = "WebP";
  const at = (from: number) => view.getUint16(from, true);
  if (kind === "VP8 ") return { type, width: at(26) & 0x3fff, height: at(28) & 0x3fff };
  if (kind === "VP8L") {
    const bits = view.getUint32(21, true);
    return { type, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  const three = (from: number) => (at(from) | (view.getUint8(from + 2) << 16)) + 1;
  return kind === "VP8X" ? { type, width: three(24), height: three(27) } : undefined;
}

/** The frame's header stands behind others, each with its length. */
function jpeg(view: DataView): PictureSize | undefined {
  for (let at = 2; at + 9 < view.byteLength; ) {
    const marker = view.getUint16(at);
    if (marker >>> 8 !== 0xff) return undefined;
    const isFrame = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
    if (isFrame) return { type: "JPEG", width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    at += 2 + Math.max(2, view.getUint16(at + 2));
  }
  return undefined;
}
