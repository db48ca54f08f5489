// JavaScript values ⇄ IValues, by the operator's own schema.
#include "environment.h"

namespace vitrine {

static const std::pair<const char*, at::ScalarType> kDtypes[] = {
    {"float32", at::kFloat}, {"float64", at::kDouble}, {"bfloat16", at::kBFloat16}, {"float16", at::kHalf},
    {"int64", at::kLong}, {"int32", at::kInt}, {"int16", at::kShort}, {"int8", at::kChar}, {"uint8", at::kByte},
    {"bool", at::kBool}, {"complex64", at::kComplexFloat}, {"complex128", at::kComplexDouble}};

at::ScalarType toScalarType(const std::string& name) {
  std::string known;
  for (const auto& [text, type] : kDtypes) {
    if (name == text) return type;
    known += (known.empty() ? "" : ", ") + std::string(text);
  }
  throw Misuse("unknown dtype \"" + name + "\"; expected one of " + known);
}

const char* dtypeName(at::ScalarType type) {
  for (const auto& [text, known] : kDtypes)
    if (type == known) return text;
  return c10::toString(type);
}

Argument describe(const c10::Argument& argument) {
  auto type = argument.type();
  const bool optional = type->kind() == c10::TypeKind::OptionalType;
  if (optional) type = type->castRaw<c10::OptionalType>()->getElementType();
  const int32_t fixed = argument.N() ? *argument.N() : 0;
  const auto scalarKind = [](const c10::TypePtr& t) {
    switch (t->kind()) {
      case c10::TypeKind::TensorType: return Kind::Tensor;
      case c10::TypeKind::NumberType: return Kind::Scalar;
      case c10::TypeKind::IntType: return Kind::Int;
      case c10::TypeKind::FloatType: return Kind::Float;
      case c10::TypeKind::BoolType: return Kind::Bool;
      case c10::TypeKind::StringType: return Kind::String;
      case c10::TypeKind::DeviceObjType: return Kind::Device;
      case c10::TypeKind::GeneratorType: return Kind::Generator;
      default: return Kind::Unknown;
    }
  };
  auto real = argument.real_type();
  if (real->kind() == c10::TypeKind::OptionalType) real = real->castRaw<c10::OptionalType>()->getElementType();
  switch (real->kind()) {  // integers to the dispatcher, enumerations to the operator: it does not look which
    case c10::TypeKind::ScalarTypeType: return {Kind::DType, optional, 0};
    case c10::TypeKind::LayoutType: return {Kind::Layout, optional, 0};
    case c10::TypeKind::MemoryFormatType: return {Kind::MemoryFormat, optional, 0};
    default: break;
  }
  if (type->kind() != c10::TypeKind::ListType) return {scalarKind(type), optional, 0};
  const auto element = type->castRaw<c10::ListType>()->getElementType();
  if (element->kind() == c10::TypeKind::OptionalType) {
    const bool tensors = element->castRaw<c10::OptionalType>()->getElementType()->kind() == c10::TypeKind::TensorType;
    return {tensors ? Kind::OptionalTensorList : Kind::Unknown, optional, 0};
  }
  switch (scalarKind(element)) {
    case Kind::Tensor: return {Kind::TensorList, optional, 0};
    case Kind::Scalar: return {Kind::ScalarList, optional, 0};
    case Kind::Int: return {Kind::IntList, optional, fixed};
    case Kind::Float: return {Kind::FloatList, optional, 0};
    case Kind::Bool: return {Kind::BoolList, optional, 0};
    default: return {Kind::Unknown, optional, 0};
  }
}

Handle toHandle(napi_env env, napi_value value) {
  return static_cast<Handle>(toWhole(env, value, INT32_MIN, INT32_MAX, "a tensor"));
}

size_t toIndex(napi_env env, napi_value value, size_t count, const char* what) {
  double number = -1;
  if (napi_get_value_double(env, value, &number) == napi_ok && isWhole(number) && number >= 0 && number < static_cast<double>(count))
    return static_cast<size_t>(number);
  throw Misuse(std::string("expected ") + what);
}

const at::Tensor& toTensor(napi_env env, Environment& state, napi_value value) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) == napi_ok) {
    const auto handle = number >= 0 && number <= INT32_MAX ? static_cast<Handle>(number) : 0;
    if (handle != number) throw Misuse("expected a tensor, got " + format(number));
    return get(state, handle);
  }
  int64_t wide = 0;
  bool lossless = false;
  if (napi_get_value_bigint_int64(env, value, &wide, &lossless) == napi_ok && lossless && wide > 0 && wide <= INT32_MAX)
    return get(state, static_cast<Handle>(wide));
  throw Misuse("expected a tensor");
}

std::vector<at::Tensor> toTensors(napi_env env, Environment& state, napi_value value, bool strict) {
  std::vector<at::Tensor> tensors;
  bool typed = false;
  napi_is_typedarray(env, value, &typed);
  if (typed) {
    size_t length = 0;
    void* data = nullptr;
    napi_typedarray_type type;
    check(napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr), "handles");
    if (type != napi_int32_array) throw Misuse("expected an Int32Array of handles");
    tensors.reserve(length);
    for (size_t i = 0; i < length; i++) tensors.push_back(get(state, static_cast<int32_t*>(data)[i]));
    return tensors;
  }
  const uint32_t length = lengthOf(env, value);
  tensors.reserve(length);
  for (uint32_t i = 0; i < length; i++) {
    napi_value element = vitrine::at(env, value, i);
    const auto type = typeOf(env, element);
    if (strict && type != napi_null && type != napi_bigint) throw Misuse("expected a tensor");
    tensors.push_back(type == napi_null ? at::Tensor() : toTensor(env, state, element));
  }
  return tensors;
}

napi_value fromTensor(napi_env env, Environment& state, at::Tensor tensor) {
  return tensor.defined() ? fromInt(env, add(state, std::move(tensor))) : null(env);
}

static int64_t toInt(napi_env env, napi_value value) {
  const double number = toNumber(env, value);
  if (!isWhole(number)) throw Misuse("expected an integer, got " + std::to_string(number));
  return static_cast<int64_t>(number);
}

/** Integral numbers become ints only where the operator's tensors are integral, or where it has none. */
static at::Scalar toScalar(napi_env env, napi_value value, bool integral) {
  if (typeOf(env, value) == napi_boolean) return toBool(env, value);
  const double number = toNumber(env, value);
  if (integral && isWhole(number)) return static_cast<int64_t>(number);
  return number;
}

template <typename T, typename Convert>
static c10::IValue toList(napi_env env, napi_value value, int32_t fixed, Convert convert) {
  c10::List<T> list;
  if (fixed > 0 && typeOf(env, value) == napi_number) {
    for (int32_t i = 0; i < fixed; i++) list.push_back(convert(value));
    return list;
  }
  const uint32_t length = lengthOf(env, value);
  list.reserve(length);
  for (uint32_t i = 0; i < length; i++) list.push_back(convert(vitrine::at(env, value, i)));
  return list;
}

static const char* expected(Kind kind) {
  switch (kind) {
    case Kind::Tensor: return "a tensor";
    case Kind::TensorList: case Kind::OptionalTensorList: return "an array of tensors";
    case Kind::Scalar: case Kind::Float: return "a number";
    case Kind::ScalarList: case Kind::FloatList: return "an array of numbers";
    case Kind::Int: return "an integer";
    case Kind::IntList: return "an array of integers";
    case Kind::Bool: return "a boolean";
    case Kind::BoolList: return "an array of booleans";
    case Kind::String: return "a string";
    case Kind::Device: return "a device";
    case Kind::DType: return "the name of a dtype";
    case Kind::Layout: return "0, the strided layout, which is the only one here";
    case Kind::MemoryFormat: return "a memory format, 0 to 3";
    case Kind::Generator: return "a generator";
    default: return "a type this binding does not convert";
  }
}

c10::IValue toIValue(napi_env env, Environment& state, const c10::Argument& schema, const Argument& argument, napi_value value, bool integral, bool strict) {
  const auto type = typeOf(env, value);
  if (type == napi_undefined && schema.default_value()) return *schema.default_value();
  if ((type == napi_null || type == napi_undefined) && argument.optional) return c10::IValue();
  try {
    // on the checked path tensors come as bigint, so that a number is never taken for one
    if (strict && argument.kind == Kind::Tensor && type != napi_bigint) throw Misuse("");
    if (strict && type == napi_bigint && argument.kind != Kind::Tensor) throw Misuse("");
    switch (argument.kind) {
      case Kind::Tensor: return toTensor(env, state, value);
      case Kind::TensorList: {
        auto tensors = toTensors(env, state, value, strict);
        for (const auto& tensor : tensors)
          if (!tensor.defined()) throw Misuse("");
        return c10::IValue(std::move(tensors));
      }
      case Kind::OptionalTensorList: {
        c10::List<c10::optional<at::Tensor>> list;
        for (auto& tensor : toTensors(env, state, value, strict)) list.push_back(tensor.defined() ? c10::optional<at::Tensor>(tensor) : c10::nullopt);
        return list;
      }
      case Kind::Scalar: return toScalar(env, value, integral);
      case Kind::ScalarList: {
        c10::impl::GenericList list(c10::NumberType::get());
        const uint32_t length = lengthOf(env, value);
        for (uint32_t i = 0; i < length; i++) list.push_back(toScalar(env, vitrine::at(env, value, i), integral));
        return list;
      }
      case Kind::Int: return toInt(env, value);
      case Kind::DType: return static_cast<int64_t>(toScalarType(toString(env, value)));
      case Kind::Layout: return toWhole(env, value, 0, 0, expected(Kind::Layout));
      case Kind::MemoryFormat: return toWhole(env, value, 0, 3, expected(Kind::MemoryFormat));
      case Kind::IntList: return toList<int64_t>(env, value, argument.fixedLength, [&](napi_value v) { return toInt(env, v); });
      case Kind::Float: return toNumber(env, value);
      case Kind::FloatList: return toList<double>(env, value, 0, [&](napi_value v) { return toNumber(env, v); });
      case Kind::Bool: return toBool(env, value);
      case Kind::BoolList: return toList<bool>(env, value, 0, [&](napi_value v) { return toBool(env, v); });
      case Kind::String: return toString(env, value);
      case Kind::Device: return c10::Device(toString(env, value));
      case Kind::Generator: return state.generators[toIndex(env, value, state.generators.size(), "a generator")];
      default: throw Misuse("");
    }
  } catch (const Misuse& error) {
    const std::string detail = error.what();
    throw Misuse("argument \"" + schema.name() + "\": expected " + (detail.rfind("unknown dtype", 0) == 0 ? detail : expected(argument.kind)));
  }
}

napi_value fromIValue(napi_env env, Handout& handout, const c10::IValue& value, bool strict) {
  const auto fromOne = [&](const at::Tensor& tensor) {
    if (!tensor.defined()) return null(env);
    if (!strict) return fromInt(env, handout.add(tensor));
    napi_value handle;
    check(napi_create_bigint_int64(env, handout.add(tensor), &handle), "a bigint");
    return handle;
  };
  if (value.isTensor()) return fromOne(value.toTensor());
  if (value.isTensorList()) {
    const auto tensors = value.toTensorVector();
    napi_value array = newArray(env, tensors.size());
    for (size_t i = 0; i < tensors.size(); i++) setAt(env, array, i, fromOne(tensors[i]));
    return array;
  }
  if (value.isNone()) return null(env);
  if (value.isBool()) return fromBool(env, value.toBool());
  if (value.isInt()) return fromNumber(env, static_cast<double>(value.toInt()));
  if (value.isDouble()) return fromNumber(env, value.toDouble());
  if (value.isScalar()) return fromNumber(env, value.toScalar().toDouble());
  if (value.isString()) return fromString(env, value.toStringRef());
  if (value.isDevice()) return fromString(env, value.toDevice().str());
  if (value.isIntList() || value.isDoubleList() || value.isBoolList() || value.isList()) {
    const auto list = value.toListRef();
    napi_value array = newArray(env, list.size());
    for (size_t i = 0; i < list.size(); i++) setAt(env, array, i, fromIValue(env, handout, list[i], strict));
    return array;
  }
  throw Misuse("the operator returns " + value.tagKind() + ", which this binding does not convert");
}

}  // namespace vitrine
