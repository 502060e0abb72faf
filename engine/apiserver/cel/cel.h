#pragma once
// The Common Expression Language as the API server uses it: rules of custom resources, admission
// policies, match conditions. Sources: cel-spec langdef.md; apiserver pkg/cel.
//
// Evaluation is bounded; what is not supported is a compile error that says so.

#include "base/result.h"
#include "document/value.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace apiserver::cel {

struct Node;
struct Type;
using TypePtr = std::shared_ptr<const Type>;

struct Datum;
using Data = std::vector<Datum>;

// A value of an expression. JSON is `Plain`; lists and maps whose members are no JSON have kinds of
// their own. Timestamps and durations are nanoseconds; the rest is kept as the text it was made of.
struct Datum {
    enum class Kind : std::uint8_t {
        Plain, Uint, Bytes, Timestamp, Duration, Type, List, Map, Optional, Quantity, Url, Ip, Cidr, Semver, Format, Authorizer
    } kind = Kind::Plain;
    document::Value value;
    std::int64_t number = 0;
    std::string type;                  // of types; what an authorizer's value stands for
    std::shared_ptr<const Data> items; // List; Map: keys and values in turn; Optional: at most one

    Datum() = default;
    Datum(document::Value plain) : value(std::move(plain)) {}
    Datum(Kind k, document::Value v) : kind(k), value(std::move(v)) {}
};

using Variables = std::map<std::string, Datum, std::less<>>;

// Who answers `authorizer...check()`.
class Authority {
public:
    virtual ~Authority() = default;
    struct Answer {
        bool allowed = false;
        std::string reason;
    };
    // `attributes`: user, verb and either path or group, resource, subresource, namespace, name.
    virtual Answer check(const document::Value& attributes) = 0;
};

// What an expression may name, and of which type it is. Names without a type are dynamic.
struct Environment {
    std::vector<std::string> names;
    std::map<std::string, TypePtr, std::less<>> types;
};

constexpr std::int64_t kMostCost = 1'000'000;

class Program {
public:
    // The error is cel-go's: "ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')".
    static base::Result<Program> compile(std::string_view text, const std::vector<std::string>& names);
    static base::Result<Program> compile(std::string_view text, const Environment& environment);
    // What compile says about syntax and types alone.
    static base::Status check(std::string_view text, const Environment& environment);
    base::Result<document::Value> evaluate(const Variables& variables) const;
    // `cost` grows by what the evaluation took.
    base::Result<Datum> run(const Variables& variables, Authority* authority, std::int64_t& cost) const;
    // "bool", "int", "string"... as far as it can be told without running; "dyn" otherwise.
    std::string resultType() const;
    TypePtr typeOfResult() const;
    bool uses(std::string_view name) const;

private:
    std::shared_ptr<const Node> root_;
    std::string type_ = "dyn";
};

// A map of computed values, as `variables` is one.
Datum mapOf(const std::vector<std::pair<std::string, Datum>>& members);
Datum optionalOf(const std::optional<Datum>& item);
// JSON that stands for a value in messages and conditions.
document::Value plainOf(const Datum& datum);

} // namespace apiserver::cel
