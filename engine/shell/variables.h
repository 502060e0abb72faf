#pragma once
// Shell variables: scalars, indexed and associative arrays, attributes, function scopes.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shell {

// Keys in the order in which bash lists them: by bucket of its hash table.
// Source: bash hashlib.c (FNV-1, 1024 buckets).
struct BucketOrder {
    using is_transparent = void;
    static std::uint32_t bucket(std::string_view key) {
        std::uint32_t hash = 2166136261u;
        for (const char c : key) {
            hash *= 16777619u;
            hash ^= static_cast<std::uint32_t>(static_cast<signed char>(c));
        }
        return hash & 1023u;
    }
    bool operator()(std::string_view a, std::string_view b) const {
        const auto x = bucket(a), y = bucket(b);
        return x != y ? x < y : a < b;
    }
};

struct Variable {
    std::string value;
    std::map<std::int64_t, std::string> indexed;
    std::map<std::string, std::string, BucketOrder> keyed;
    bool isSet = false, isIndexed = false, isKeyed = false;
    bool exported = false, readOnly = false, integer = false, lower = false, upper = false;
    bool reference = false; // declare -n
    bool isArray() const { return isIndexed || isKeyed; }
    // What $name gives: element 0 of arrays.
    std::optional<std::string> scalar() const;
};

class Variables {
public:
    Variables() : scopes_(1) {}

    // Follows references.
    const Variable* find(std::string_view name) const;
    Variable* find(std::string_view name);
    Variable& make(std::string_view name);      // innermost existing one, else global
    Variable& makeLocal(std::string_view name); // in the current function
    Variable& makeGlobal(std::string_view name);
    bool isLocal(std::string_view name) const;
    bool unset(std::string_view name);
    std::string resolveName(std::string_view name) const;

    void enterFunction() { scopes_.emplace_back(); }
    void leaveFunction() { scopes_.pop_back(); }
    std::size_t depth() const { return scopes_.size(); }

    // Plain text of a scalar; empty when unset.
    std::string text(std::string_view name) const;
    std::optional<std::string> get(std::string_view name) const;
    // Ignores attributes.
    void setText(std::string_view name, std::string value);
    void exportText(std::string_view name, std::string value);

    std::vector<std::string> names() const; // sorted
    std::map<std::string, std::string> environment() const;

private:
    std::vector<std::map<std::string, Variable, std::less<>>> scopes_;
};

// As `declare -p` prints values.
std::string quoteForDeclare(std::string_view value);
// As %q, set and trap print: $'...' or backslashes or single quotes.
std::string quoteForShell(std::string_view value); // %q
std::string quoteSingle(std::string_view value);   // 'it'\''s'; bare when nothing special
std::string describeVariable(const std::string& name, const Variable& variable); // declare -- x="1"

} // namespace shell
