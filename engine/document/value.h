#pragma once
// An immutable, reference-counted JSON-like value: the shape of every API object, manifest and pack.
//
// A copy is a pointer copy; a change (`with`, `without`, `ObjectBuilder`) copies only the nodes on the
// path to it and shares the rest. Object members are kept sorted by key (bytewise), so equality,
// merging and printing never depend on insertion order; printers that need Go's struct order ask the
// kind tables (api/). Values may be read and released from any thread.

#include "base/assert.h"

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace document {

enum class ValueKind : std::uint8_t { Null, Bool, Int, Double, String, Array, Object };

class Value;
struct Member;

namespace detail {
struct Node {
    mutable std::atomic<std::uint32_t> references{1};
    ValueKind kind;
    explicit Node(ValueKind k) : kind(k) {}
};
struct StringNode;
struct ArrayNode;
struct ObjectNode;
void destroyNode(const Node* node);
} // namespace detail

// A shared immutable string; object keys and string values. Short keys are interned.
class SharedString {
public:
    SharedString(std::string_view text);
    SharedString(const char* text) : SharedString(std::string_view(text)) {}
    SharedString(const std::string& text) : SharedString(std::string_view(text)) {}
    SharedString(const SharedString& other);
    SharedString(SharedString&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
    SharedString& operator=(SharedString other) noexcept { std::swap(node_, other.node_); return *this; }
    ~SharedString();
    std::string_view view() const;
    operator std::string_view() const { return view(); }
    std::string text() const { return std::string(view()); }

private:
    friend class Value;
    struct Adopt {};
    SharedString(Adopt, const detail::StringNode* node) : node_(node) {}
    const detail::StringNode* node_;
};

class Value {
public:
    Value() = default;
    Value(std::nullptr_t) {}
    Value(bool b) : kind_(ValueKind::Bool) { payload_.integer = b ? 1 : 0; }
    Value(int i) : Value(static_cast<std::int64_t>(i)) {}
    Value(long i) : kind_(ValueKind::Int) { payload_.integer = i; }
    Value(long long i) : Value(static_cast<long>(i)) {}
    Value(unsigned i) : Value(static_cast<long>(i)) {}
    Value(unsigned long i) : Value(static_cast<long>(i)) {}
    Value(double d) : kind_(ValueKind::Double) { payload_.real = d; }
    Value(std::string_view text);
    Value(const char* text) : Value(std::string_view(text)) {}
    Value(const std::string& text) : Value(std::string_view(text)) {}
    Value(const SharedString& text);
    Value(const Value& other);
    Value(Value&& other) noexcept : kind_(other.kind_), payload_(other.payload_) {
        other.kind_ = ValueKind::Null;
    }
    Value& operator=(Value other) noexcept {
        std::swap(kind_, other.kind_);
        std::swap(payload_, other.payload_);
        return *this;
    }
    ~Value() { release(); }

    // `Value::object({{"kind", "Pod"}, {"spec", spec}})`; a repeated key: the last one wins.
    static Value object(std::initializer_list<std::pair<std::string_view, Value>> members = {});
    static Value array(std::initializer_list<Value> items = {});
    static Value array(std::vector<Value> items);
    static Value strings(const std::vector<std::string>& items);

    ValueKind kind() const { return kind_; }
    bool isNull() const { return kind_ == ValueKind::Null; }
    bool isBool() const { return kind_ == ValueKind::Bool; }
    bool isInt() const { return kind_ == ValueKind::Int; }
    bool isDouble() const { return kind_ == ValueKind::Double; }
    bool isNumber() const { return isInt() || isDouble(); }
    bool isString() const { return kind_ == ValueKind::String; }
    bool isArray() const { return kind_ == ValueKind::Array; }
    bool isObject() const { return kind_ == ValueKind::Object; }
    // Null, false, 0, "", [] and {}: what `omitempty` leaves out.
    bool isEmpty() const;

    // Reading never fails: a value of another kind reads as the fallback.
    bool asBool(bool fallback = false) const { return isBool() ? payload_.integer != 0 : fallback; }
    std::int64_t asInt(std::int64_t fallback = 0) const;
    double asDouble(double fallback = 0) const;
    std::string_view asString(std::string_view fallback = {}) const;
    std::string text() const { return std::string(asString()); }

    // Number of items or members; 0 for scalars.
    std::size_t size() const;
    std::span<const Value> items() const;     // empty unless an array
    std::span<const Member> members() const;  // empty unless an object; sorted by key

    // The member or item; a shared null where there is none.
    const Value& operator[](std::string_view key) const;
    const Value& operator[](const char* key) const { return (*this)[std::string_view(key)]; }
    const Value& operator[](std::size_t index) const;
    const Value& operator[](int index) const { return (*this)[static_cast<std::size_t>(index)]; }
    bool has(std::string_view key) const;
    // `pod.at("spec", "nodeName")`: walks object members.
    template <typename... Keys>
    const Value& at(std::string_view first, const Keys&... rest) const {
        const Value& child = (*this)[first];
        if constexpr (sizeof...(rest) == 0) return child;
        else return child.at(rest...);
    }

    // Changed copies. `with` on a null value starts an object.
    [[nodiscard]] Value with(std::string_view key, Value value) const;
    [[nodiscard]] Value without(std::string_view key) const;
    // Creates missing objects along the path.
    [[nodiscard]] Value withPath(std::initializer_list<std::string_view> path, Value value) const;
    [[nodiscard]] Value withPath(std::span<const std::string_view> path, Value value) const;
    [[nodiscard]] Value withoutPath(std::initializer_list<std::string_view> path) const;
    [[nodiscard]] Value withItem(std::size_t index, Value value) const;
    [[nodiscard]] Value appended(Value item) const; // on null: starts an array

    bool operator==(const Value& other) const; // deep; 1 and 1.0 are equal
    bool sameAs(const Value& other) const;     // the same node (or the same scalar): O(1)
    std::uint64_t hash() const;                // deep, stable across runs

private:
    friend class ObjectBuilder;
    friend class ArrayBuilder;
    union Payload {
        std::int64_t integer;
        double real;
        const detail::Node* node;
    };
    bool onHeap() const { return kind_ >= ValueKind::String; }
    void release();
    Value(ValueKind kind, const detail::Node* node) : kind_(kind) { payload_.node = node; }

    ValueKind kind_ = ValueKind::Null;
    Payload payload_{0};
};

struct Member {
    SharedString key;
    Value value;
};

// Collects members in any order; `build` sorts them, the last of equal keys wins.
class ObjectBuilder {
public:
    ObjectBuilder() = default;
    explicit ObjectBuilder(const Value& base); // starts from the members of an object
    ObjectBuilder& set(const SharedString& key, Value value);
    // Leaves the key out when the value is empty (see Value::isEmpty).
    ObjectBuilder& setUnlessEmpty(const SharedString& key, Value value);
    ObjectBuilder& erase(std::string_view key);
    Value build() &&;
    bool empty() const { return members_.empty(); }

private:
    std::vector<Member> members_;
};

class ArrayBuilder {
public:
    ArrayBuilder() = default;
    explicit ArrayBuilder(const Value& base);
    ArrayBuilder& push(Value item);
    std::size_t size() const { return items_.size(); }
    Value build() &&;

private:
    std::vector<Value> items_;
};

} // namespace document
