// Calling any operator: by its schema, boxed; and unboxed for the signatures that layers are made of.
#include "digits.h"
#include "environment.h"

namespace vitrine {

using c10::Dispatcher;

template <typename Signature>
static std::unique_ptr<c10::TypedOperatorHandle<Signature>> typed(const c10::OperatorHandle& handle) {
  return std::make_unique<c10::TypedOperatorHandle<Signature>>(handle.typed<Signature>());
}

/** An unboxed handle may be asked for only where the C++ signature is exactly the one its schema says. */
static void findUnboxed(Operator& op) {
  const auto& schema = op.handle.schema();
  if (op.name.rfind("aten::", 0) != 0 || op.inPlace || schema.returns().size() != 1) return;
  if (describe(schema.returns()[0]).kind != Kind::Tensor || describe(schema.returns()[0]).optional) return;
  std::string signature;
  for (const auto& argument : op.arguments) {
    if (argument.optional) return;
    signature += argument.kind == Kind::Tensor ? 'T' : argument.kind == Kind::Scalar ? 'S' : '?';
  }
  if (schema.is_mutable()) return;
  if (signature == "T") op.unary = typed<at::Tensor(const at::Tensor&)>(op.handle);
  if (signature == "TT") op.binary = typed<at::Tensor(const at::Tensor&, const at::Tensor&)>(op.handle);
  if (signature == "TTS") op.scaledBinary = typed<at::Tensor(const at::Tensor&, const at::Tensor&, const at::Scalar&)>(op.handle);
  if (signature == "TS") op.scalar = typed<at::Tensor(const at::Tensor&, const at::Scalar&)>(op.handle);
}

/** find("aten::add.Tensor") → index, or -1 where this libtorch has no such operator. */
static napi_value find(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    const std::string full = toString(env, argv[0]);
    const auto dot = full.find('.');
    const c10::OperatorName name(full.substr(0, dot), dot == std::string::npos ? "" : full.substr(dot + 1));
    const auto handle = Dispatcher::singleton().findSchema(name);
    if (!handle) return fromInt(env, -1);
    auto op = std::make_unique<Operator>(Operator{*handle, full, {}, false, nullptr, nullptr, nullptr, nullptr});
    const auto& schema = handle->schema();
    for (const auto& argument : schema.arguments()) op->arguments.push_back(describe(argument));
    op->inPlace = schema.returns().size() == 1 && name.name.back() == '_' && name.name.compare(0, 7, "aten::_") != 0;
    findUnboxed(*op);
    state.operators.push_back(std::move(op));
    return fromInt(env, static_cast<int32_t>(state.operators.size() - 1));
  });
}

static napi_value schemaOf(napi_env env, napi_callback_info info) {
  return guarded<1>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    std::ostringstream text;
    text << state.operators[toIndex(env, argv[0], state.operators.size(), "an operator")]->handle.schema();
    return fromString(env, text.str());
  });
}

static napi_value operatorNames(napi_env env, napi_callback_info info) {
  return guarded<0>(env, info, [&](Environment&, size_t, napi_value*) {
    const auto names = Dispatcher::singleton().getAllOpNames();
    napi_value array = newArray(env, names.size());
    for (size_t i = 0; i < names.size(); i++)
      setAt(env, array, i, fromString(env, names[i].name + (names[i].overload_name.empty() ? "" : "." + names[i].overload_name)));
    return array;
  });
}

/** One line: operator, what libtorch says, the tensors it was given. */
[[noreturn]] static void explain(napi_env env, Environment& state, const Operator& op, size_t argc, napi_value* argv, const char* kind, const std::string& what) {
  std::string message = op.name.substr(op.name.find("::") + 2) + ": " + firstLine(what), given;
  for (size_t i = 0; i < argc && i < op.arguments.size(); i++) {
    try {
      if (op.arguments[i].kind == Kind::Tensor) given += (given.empty() ? "" : ", ") + describeTensor(toTensor(env, state, argv[i]));
      if (op.arguments[i].kind == Kind::TensorList) given += (given.empty() ? "" : ", ") + std::to_string(toTensors(env, state, argv[i]).size()) + " tensors";
    } catch (const Misuse&) {
    }
  }
  throwJs(env, kind, message + (given.empty() ? "" : "; given " + given));
}

template <typename Body>
static napi_value explained(napi_env env, Environment& state, const Operator& op, size_t argc, napi_value* argv, Body body) {
  try {
    return body();
  } catch (const Misuse& error) {
    explain(env, state, op, argc, argv, "usage", error.what());
  } catch (const LostDigits& error) {
    explain(env, state, op, argc, argv, "precision", error.what());
  } catch (const c10::Error& error) {
    const std::string what = error.what_without_backtrace();
    explain(env, state, op, argc, argv, kindOf(what), what);
  } catch (const std::bad_alloc&) {
    explain(env, state, op, argc, argv, "memory", "not enough memory");
  } catch (const std::exception& error) {
    explain(env, state, op, argc, argv, "torch", error.what());
  }
}

static bool isIntegral(const at::Tensor& tensor) { return tensor.defined() && at::isIntegralType(tensor.scalar_type(), true); }

static napi_value callBoxed(napi_env env, Environment& state, const Operator& op, size_t argc, napi_value* argv, bool strict, napi_value keywords) {
  const auto& schema = op.handle.schema().arguments();
  if (argc > schema.size()) throw Misuse("takes " + std::to_string(schema.size()) + " arguments, got " + std::to_string(argc));
  bool integral = true;  // of the tensors among the arguments; scalars follow it
  for (size_t i = 0; i < argc; i++) {
    const auto kind = op.arguments[i].kind;
    if (kind == Kind::Tensor) {
      const auto type = typeOf(env, argv[i]);
      if (type == napi_bigint || (!strict && type == napi_number)) integral = integral && isIntegral(toTensor(env, state, argv[i]));
    } else if (kind == Kind::TensorList) {
      try {
        for (const auto& tensor : toTensors(env, state, argv[i], strict)) integral = integral && isIntegral(tensor);
      } catch (const Misuse&) {  // the conversion below says which argument it is
      }
    }
  }
  c10::Stack stack;
  stack.reserve(schema.size());
  for (size_t i = 0; i < schema.size(); i++) {
    napi_value value = i < argc ? argv[i] : undefined(env);
    if (keywords != nullptr) {
      bool has = false;
      napi_has_named_property(env, keywords, schema[i].name().c_str(), &has);
      if (has) check(napi_get_named_property(env, keywords, schema[i].name().c_str(), &value), "an object");
    }
    if (i >= argc && typeOf(env, value) == napi_undefined) {
      if (!schema[i].default_value()) throw Misuse("argument \"" + schema[i].name() + "\" is missing");
      stack.push_back(*schema[i].default_value());
    } else {
      stack.push_back(toIValue(env, state, schema[i], op.arguments[i], value, integral, strict));
    }
  }
  if (strict) op.handle.schema().checkAndNormalizeInputs(stack, {});
  checkShared(env, state);
  op.handle.callBoxed(stack);
  if (op.inPlace || stack.empty()) return undefined(env);
  Handout handout(state);
  if (stack.size() == 1) return handout.done(fromIValue(env, handout, stack[0], strict));
  napi_value results = newArray(env, stack.size());
  for (size_t i = 0; i < stack.size(); i++) setAt(env, results, i, fromIValue(env, handout, stack[i], strict));
  return handout.done(results);
}

static at::Scalar quickScalar(napi_env env, napi_value value, const at::Tensor& tensor) {
  const double number = toNumber(env, value);
  if (isIntegral(tensor) && isWhole(number)) return static_cast<int64_t>(number);
  return number;
}

/** call(operator, …arguments): tensors are handles; single results are handles too. The hot path. */
static napi_value call(napi_env env, napi_callback_info info) {
  return guarded<17>(env, info, [&](Environment& state, size_t argc, napi_value* argv) {
    const Operator& op = *state.operators[toIndex(env, argv[0], state.operators.size(), "an operator")];
    const size_t count = argc - 1;
    napi_value* args = argv + 1;
    return explained(env, state, op, count, args, [&]() -> napi_value {
      checkShared(env, state);
      // References into the table stay valid: nothing is added to it before the call returns.
      if (count == 2 && op.binary) return fromTensor(env, state, op.binary->call(toTensor(env, state, args[0]), toTensor(env, state, args[1])));
      if (count == 1 && op.unary) return fromTensor(env, state, op.unary->call(toTensor(env, state, args[0])));
      if (count == 2 && op.scaledBinary) return fromTensor(env, state, op.scaledBinary->call(toTensor(env, state, args[0]), toTensor(env, state, args[1]), 1));
      if (count == 2 && op.scalar && typeOf(env, args[1]) == napi_number) {
        const auto& tensor = toTensor(env, state, args[0]);
        return fromTensor(env, state, op.scalar->call(tensor, quickScalar(env, args[1], tensor)));
      }
      return callBoxed(env, state, op, count, args, false, nullptr);
    });
  });
}

/** callChecked(operator, arguments, keywords | null): tensors are bigints both ways; everything is checked. */
static napi_value callChecked(napi_env env, napi_callback_info info) {
  return guarded<3>(env, info, [&](Environment& state, size_t, napi_value* argv) {
    const Operator& op = *state.operators[toIndex(env, argv[0], state.operators.size(), "an operator")];
    std::vector<napi_value> args(lengthOf(env, argv[1]));
    for (size_t i = 0; i < args.size(); i++) args[i] = vitrine::at(env, argv[1], i);
    napi_value keywords = typeOf(env, argv[2]) == napi_object ? argv[2] : nullptr;
    return explained(env, state, op, args.size(), args.data(), [&] {
      if (keywords != nullptr) {
        napi_value names;
        check(napi_get_property_names(env, keywords, &names), "an object");
        for (uint32_t i = 0; i < lengthOf(env, names); i++) {
          const std::string name = toString(env, vitrine::at(env, names, i));
          const auto position = op.handle.schema().argumentIndexWithName(name);
          if (!position) throw Misuse("no argument \"" + name + "\"");
          if (static_cast<size_t>(*position) < args.size()) throw Misuse("argument \"" + name + "\" is given twice");
        }
      }
      return callBoxed(env, state, op, args.size(), args.data(), true, keywords);
    });
  });
}

void exportCall(Exports& exports) {
  const auto add = [&](const char* name, napi_callback callback) {
    exports.push_back({name, nullptr, callback, nullptr, nullptr, nullptr, napi_enumerable, nullptr});
  };
  add("find", find);
  add("schema", schemaOf);
  add("operatorNames", operatorNames);
  add("call", call);
  add("callChecked", callChecked);
}

}  // namespace vitrine
