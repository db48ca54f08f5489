/** @file Safetensors of numbers, as metrics come: an eight-byte length, a header in JSON, then the bytes. */

export interface Columns {
  readonly metadata: Readonly<Record<string, string>>;
  readonly columns: Readonly<Record<string, Float64Array | Float32Array>>;
}

interface Entry {
  readonly dtype: string;
  readonly data_offsets: readonly [number, number];
}

const KINDS = { F64: Float64Array, F32: Float32Array } as const;

/** @throws {Error} no such file, or a damaged one */
export function readColumns(bytes: ArrayBuffer, name: string): Columns {
  const wrong = (why: string) => new Error(`${name} is damaged: ${why}.`);
  if (bytes.byteLength < 8) throw wrong("expected eight bytes of a length");
  const length = Number(new DataView(bytes).getBigUint64(0, true));
  if (length > bytes.byteLength - 8) throw wrong(`the header should have ${length} bytes`);
  let header: Record<string, Entry>;
  try {
    header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, length))) as Record<string, Entry>;
  } catch {
    throw wrong("its header is no JSON");
  }
  const { __metadata__ = {}, ...entries } = header;
  const columns = Object.entries(entries).map(([key, { dtype, data_offsets }]) => {
    const kind = KINDS[dtype as keyof typeof KINDS];
    if (kind === undefined) throw wrong(`${key} should be F64 or F32, not ${dtype}`);
    const [from, to] = data_offsets;
    if (!(from >= 0 && from <= to && 8 + length + to <= bytes.byteLength))
      throw wrong(`${key} lies outside of it`);
    // the header's length need not be a multiple of eight, which typed arrays ask for
    return [key, new kind(bytes.slice(8 + length + from, 8 + length + to))] as const;
  });
  return {
    metadata: __metadata__ as unknown as Record<string, string>,
    columns: Object.fromEntries(columns),
  };
}
