#include "document/jsonpath.h"

#include "base/strings.h"
#include "document/json.h"
#include "document/jsonpath_nodes.h"

#include <charconv>

namespace document {

namespace {

using Values = std::vector<Value>;
using NodeList = std::vector<std::unique_ptr<JsonPath::Node>>;

// Values looked at: nested ranges and ".." multiply them, and no cluster has so many.
constexpr std::size_t kMostValues = 5'000'000;

struct Run {
    bool allowMissing = false;
    std::size_t seen = 0;
    int beginRange = 0, inRange = 0, endRange = 0;
    const JsonPath::Node* lastEnd = nullptr;

    base::Result<Values> walk(Values current, const JsonPath::Node& node);
    base::Result<Values> step(Values current, const JsonPath::Node& node);
    void descend(const Values& input, Values& out);
    bool tooMany(std::size_t more) { return (seen += more) > kMostValues; }
    base::Result<Values> walkList(Values current, const NodeList& list) {
        for (const auto& node : list) {
            BASE_TRY(current, walk(std::move(current), *node));
        }
        return current;
    }
    base::Result<Values> field(const Values& input, const JsonPath::Node& node) const;
    base::Result<Values> slice(const Values& input, const JsonPath::Node& node) const;
    base::Result<Values> filter(const Values& input, const JsonPath::Node& node);
    base::Result<std::vector<Values>> results(const Values& data, const NodeList& nodes,
                                              std::size_t from);
};

Values childrenOf(const Value& value) {
    Values out;
    for (const Member& member : value.members()) out.push_back(member.value);
    for (const Value& item : value.items()) out.push_back(item);
    return out;
}

std::string typeName(const Value& value) {
    switch (value.kind()) {
    case ValueKind::Object: return "map[string]interface {}";
    case ValueKind::Array: return "[]interface {}";
    case ValueKind::String: return "string";
    case ValueKind::Bool: return "bool";
    case ValueKind::Int: return "int64";
    case ValueKind::Double: return "float64";
    default: return "interface {}";
    }
}

void Run::descend(const Values& input, Values& out) {
    for (const Value& value : input) {
        const Values inner = childrenOf(value);
        if (inner.empty()) continue;
        if (tooMany(inner.size())) return;
        out.push_back(value);
        descend(inner, out);
    }
}

base::Result<Values> Run::field(const Values& input, const JsonPath::Node& node) const {
    Values out;
    if (input.empty()) return out;
    for (const Value& value : input)
        if (value.isObject() && value.has(node.text)) out.push_back(value[node.text]);
    if (out.empty() && !allowMissing) return base::makeError(node.text + " is not found");
    return out;
}

base::Result<Values> Run::slice(const Values& input, const JsonPath::Node& node) const {
    Values out;
    for (const Value& value : input) {
        if (value.isNull()) continue;
        if (!value.isArray()) return base::makeError(typeName(value) + " is not array or slice");
        const auto length = static_cast<std::int64_t>(value.size());
        const auto bounds = [&](std::int64_t index) {
            return base::makeError("array index out of bounds: index " + std::to_string(index) +
                                   ", length " + std::to_string(length));
        };
        std::int64_t from = node.params[0].known ? node.params[0].value : 0;
        if (from < 0) from += length;
        std::int64_t to = node.params[1].known ? node.params[1].value : length;
        if (to < 0 || (to == 0 && node.params[1].derived)) to += length;
        if (to == from) return out;
        if (from >= length || from < 0) return bounds(from);
        if (to > length || to < 0) return bounds(to - 1);
        if (from > to)
            return base::makeError("starting index " + std::to_string(from) +
                                   " is greater than ending index " + std::to_string(to));
        std::int64_t step = 1;
        if (node.params[2].known) step = node.params[2].value;
        if (step <= 0) return base::makeError("step must be > 0");
        for (std::int64_t i = from; i < to; i += step)
            out.push_back(value[static_cast<std::size_t>(i)]);
    }
    return out;
}

enum class Order { Less, Equal, Greater, Mismatch };

base::Result<Order> compare(const Value& a, const Value& b) {
    const auto order = [](auto x, auto y) {
        return x < y ? Order::Less : y < x ? Order::Greater : Order::Equal;
    };
    if (a.isString() && b.isString()) return order(a.asString(), b.asString());
    if (a.isInt() && b.isInt()) return order(a.asInt(), b.asInt());
    if (a.isDouble() && b.isDouble()) return order(a.asDouble(), b.asDouble());
    if (a.isBool() && b.isBool()) return order(a.asBool() ? 1 : 0, b.asBool() ? 1 : 0);
    for (const Value* side : {&a, &b})
        if (side->isNull() || side->isObject() || side->isArray())
            return base::makeError("invalid type for comparison");
    return base::makeError("incompatible types for comparison");
}

base::Result<bool> passes(const Value& left, const Value& right, const std::string& op) {
    BASE_TRY(const Order order, compare(left, right));
    if (op == "==") return order == Order::Equal;
    if (op == "!=") return order != Order::Equal;
    if (left.isBool()) return base::makeError("invalid type for comparison");
    if (op == "<") return order == Order::Less;
    if (op == ">") return order == Order::Greater;
    if (op == "<=") return order != Order::Greater;
    if (op == ">=") return order != Order::Less;
    return base::makeError("unrecognized filter operator " + op);
}

base::Result<Values> Run::filter(const Values& input, const JsonPath::Node& node) {
    Values out;
    for (const Value& value : input) {
        if (!value.isArray())
            return base::makeError(formatGoValue(value) +
                                   " is not array or slice and cannot be filtered");
        for (const Value& item : value.items()) {
            auto lefts = walkList({item}, node.left);
            if (node.text == "exists") {
                if (lefts.ok() && !lefts.value().empty()) out.push_back(item);
                continue;
            }
            if (!lefts.ok()) return lefts.error();
            if (lefts.value().empty()) continue;
            if (lefts.value().size() > 1)
                return base::makeError("can only compare one element at a time");
            BASE_TRY(const Values rights, walkList({item}, node.right));
            if (rights.empty()) continue;
            if (rights.size() > 1)
                return base::makeError("can only compare one element at a time");
            BASE_TRY(const bool pass, passes(lefts.value()[0], rights[0], node.text));
            if (pass) out.push_back(item);
        }
    }
    return out;
}

base::Result<Values> Run::walk(Values current, const JsonPath::Node& node) {
    auto out = step(std::move(current), node);
    if (tooMany(1 + (out.ok() ? out->size() : 0))) return base::makeError("the expression gives too many values");
    return out;
}

base::Result<Values> Run::step(Values current, const JsonPath::Node& node) {
    using Kind = JsonPath::Node::Kind;
    switch (node.kind) {
    case Kind::List: return walkList(std::move(current), node.left);
    case Kind::Text: return Values{Value(node.text)};
    case Kind::Constant: return Values(current.size(), node.constant);
    case Kind::Field: return field(current, node);
    case Kind::Slice: return slice(current, node);
    case Kind::Filter: return filter(current, node);
    case Kind::Wildcard: {
        Values out;
        for (const Value& value : current)
            for (Value& inner : childrenOf(value)) out.push_back(std::move(inner));
        return out;
    }
    case Kind::Recursive: {
        Values out;
        descend(current, out);
        return out;
    }
    case Kind::Union: {
        Values out;
        for (const auto& part : node.left) {
            BASE_TRY(const Values found, walkList(current, part->left));
            out.insert(out.end(), found.begin(), found.end());
        }
        return out;
    }
    case Kind::Identifier:
        if (node.text == "range") {
            ++beginRange;
            return current;
        }
        if (node.text == "end") {
            if (inRange <= 0) return base::makeError("not in range, nothing to end");
            ++endRange;
            return Values{};
        }
        return base::makeError("unrecognized identifier " + node.text);
    }
    return current;
}

base::Result<std::vector<Values>> Run::results(const Values& data, const NodeList& nodes,
                                               std::size_t from) {
    std::vector<Values> full;
    for (std::size_t i = from; i < nodes.size(); ++i) {
        BASE_TRY(const Values found, walk(data, *nodes[i]));
        if (endRange > 0 && endRange <= inRange) {
            --endRange;
            lastEnd = nodes[i].get();
            break;
        }
        if (beginRange > 0) {
            --beginRange;
            ++inRange;
            for (const Value& value : found) {
                BASE_TRY(const std::vector<Values> inner, results({value}, nodes, i + 1));
                full.insert(full.end(), inner.begin(), inner.end());
            }
            // Without results the nodes inside are still walked, to find the end.
            if (found.empty()) BASE_CHECK(results({Value()}, nodes, i + 1));
            --inRange;
            for (std::size_t k = i + 1; k < nodes.size(); ++k)
                if (nodes[k].get() == lastEnd) {
                    i = k;
                    break;
                }
            continue;
        }
        full.push_back(found);
    }
    return full;
}

} // namespace

JsonPath::JsonPath() = default;
JsonPath::JsonPath(JsonPath&&) noexcept = default;
JsonPath& JsonPath::operator=(JsonPath&&) noexcept = default;
JsonPath::~JsonPath() = default;

base::Result<JsonPath> JsonPath::parse(std::string_view text) {
    BASE_TRY(std::vector<std::unique_ptr<Node>> nodes, parseJsonPathNodes(text));
    JsonPath out;
    out.nodes_ = std::move(nodes);
    return out;
}

base::Result<std::vector<std::vector<Value>>> JsonPath::find(const Value& data) const {
    Run run;
    run.allowMissing = allowMissing_;
    return run.results({data}, nodes_, 0);
}

base::Result<std::string> JsonPath::print(const Value& data, bool asJson) const {
    BASE_TRY(const auto full, find(data));
    std::string out;
    for (const Values& values : full) {
        if (asJson) {
            out += writeJsonIndented(Value::array(Values(values))) + "\n";
            continue;
        }
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (i > 0) out += ' ';
            const Value& value = values[i];
            if (value.isObject() || value.isArray()) out += writeJson(value, true);
            else if (value.isNull()) out += "null";
            else out += formatGoValue(value);
        }
    }
    return out;
}

namespace {

// %v: the shortest digits, with an exponent below -4 and from 6 on.
std::string goFloat(double number) {
    char text[400];
    const auto end = std::to_chars(text, text + sizeof text, number, std::chars_format::scientific);
    const std::string shortest(text, end.ptr);
    const std::size_t mark = shortest.find('e');
    if (mark == std::string::npos) return formatNumber(number);
    const bool negative = shortest[mark + 1] == '-';
    const std::int64_t exponent = base::parseInt(shortest.substr(mark + 2)).value_or(0) * (negative ? -1 : 1);
    if (exponent < -4 || exponent >= 6) return shortest;
    const auto plain = std::to_chars(text, text + sizeof text, number, std::chars_format::fixed);
    return {text, plain.ptr};
}

} // namespace

std::string formatGoValue(const Value& value) {
    switch (value.kind()) {
    case ValueKind::Null: return "<nil>";
    case ValueKind::Bool: return value.asBool() ? "true" : "false";
    case ValueKind::Int: return std::to_string(value.asInt());
    case ValueKind::Double: return goFloat(value.asDouble());
    case ValueKind::String: return value.text();
    case ValueKind::Array: {
        std::string out = "[";
        for (std::size_t i = 0; i < value.size(); ++i)
            out += (i > 0 ? " " : "") + formatGoValue(value[i]);
        return out + "]";
    }
    case ValueKind::Object: {
        std::string out = "map[";
        bool first = true;
        for (const Member& member : value.members()) {
            out += (first ? "" : " ") + member.key.text() + ":" + formatGoValue(member.value);
            first = false;
        }
        return out + "]";
    }
    }
    return {};
}

std::string formatGoSyntax(const Value& value) {
    switch (value.kind()) {
    case ValueKind::Null: return "interface {}(nil)";
    case ValueKind::String: return base::quoteGo(value.asString());
    case ValueKind::Array: {
        std::string out = "[]interface {}{";
        for (std::size_t i = 0; i < value.size(); ++i)
            out += (i > 0 ? ", " : "") + formatGoSyntax(value[i]);
        return out + "}";
    }
    case ValueKind::Object: {
        std::string out = "map[string]interface {}{";
        bool first = true;
        for (const Member& member : value.members()) {
            out += (first ? "" : ", ") + base::quoteGo(member.key.view()) + ":" +
                   formatGoSyntax(member.value);
            first = false;
        }
        return out + "}";
    }
    default: return formatGoValue(value);
    }
}

// The pattern is ^\{\.?([^{}]+)\}$|^\.?([^{}]+)$.
base::Result<std::string> relaxedJsonPath(std::string_view text) {
    if (text.empty()) return std::string{};
    const auto bad = [&] {
        return base::makeError("unexpected path string, expected a 'name1.name2' or '.name1.name2' "
                               "or '{name1.name2}' or '{.name1.name2}'");
    };
    std::string_view body = text;
    if (body.front() == '{') {
        if (body.size() < 2 || body.back() != '}') return bad();
        body = body.substr(1, body.size() - 2);
    }
    if (!body.empty() && body.front() == '.') body.remove_prefix(1);
    if (body.empty() || body.find_first_of("{}") != std::string_view::npos) return bad();
    return "{." + std::string(body) + "}";
}

} // namespace document
