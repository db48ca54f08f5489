/** @file The parts of ONNX's format that we write, for a reader that is not ours. */

import protobuf from "protobufjs";

const PROTO = `syntax = "proto2";
message Attribute {
  optional string name = 1; optional float f = 2; optional int64 i = 3; optional bytes s = 4; optional Tensor t = 5;
  repeated float floats = 7; repeated int64 ints = 8; optional int32 type = 20;
}
message Node {
  repeated string input = 1; repeated string output = 2; optional string name = 3; optional string op_type = 4;
  repeated Attribute attribute = 5; optional string doc_string = 6; optional string domain = 7;
}
message Tensor { repeated int64 dims = 1; optional int32 data_type = 2; optional string name = 8; optional bytes raw_data = 9; }
message Dimension { optional int64 dim_value = 1; optional string dim_param = 2; }
message Shape { repeated Dimension dim = 1; }
message TensorType { optional int32 elem_type = 1; optional Shape shape = 2; }
message Type { optional TensorType tensor_type = 1; }
message ValueInfo { optional string name = 1; optional Type type = 2; }
message Graph {
  repeated Node node = 1; optional string name = 2; repeated Tensor initializer = 5; repeated ValueInfo input = 11;
  repeated ValueInfo output = 12;
}
message Opset { optional string domain = 1; optional int64 version = 2; }
message Entry { optional string key = 1; optional string value = 2; }
message Model {
  optional int64 ir_version = 1; optional string producer_name = 2; optional string producer_version = 3;
  optional Graph graph = 7; repeated Opset opset_import = 8; repeated Entry metadata_props = 14;
}`;

interface Dimension {
  dim_value?: number;
  dim_param?: string;
}
interface ValueInfo {
  name: string;
  type: { tensor_type: { elem_type: number; shape: { dim: Dimension[] } } };
}

/** A model as the other reader sees it. */
export interface DecodedModel {
  ir_version: number;
  graph: {
    name: string;
    node: {
      name: string;
      op_type: string;
      input: string[];
      output: string[];
      attribute: Record<string, unknown>[];
    }[];
    initializer: { name: string; dims: number[]; data_type: number; raw_data: Uint8Array }[];
    input: ValueInfo[];
    output: ValueInfo[];
  };
  opset_import: { domain: string; version: number }[];
  metadata_props: { key: string; value: string }[];
}

/** Decodes a model, and checks that nothing is lost when it is encoded again. */
export function decodeModel(bytes: Uint8Array): DecodedModel {
  const type = protobuf.parse(PROTO, { keepCase: true }).root.lookupType("Model");
  const message = type.decode(bytes);
  if (type.encode(message).finish().length !== bytes.length)
    throw new Error("the file has fields that ONNX has not");
  return type.toObject(message, { longs: Number, defaults: true, arrays: true }) as DecodedModel;
}
