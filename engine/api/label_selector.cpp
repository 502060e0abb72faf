#include "api/label_selector.h"

#include "base/strings.h"

#include <algorithm>

namespace api {
namespace {

using Op = Requirement::Op;

bool contains(const std::vector<std::string>& values, std::string_view value) {
    return std::find(values.begin(), values.end(), value) != values.end();
}

// Splits at commas outside parentheses.
std::vector<std::string> splitTerms(std::string_view text) {
    std::vector<std::string> out;
    int depth = 0;
    std::string term;
    for (char c : text) {
        if (c == '(') ++depth;
        if (c == ')') --depth;
        if (c == ',' && depth == 0) {
            out.push_back(term);
            term.clear();
        } else {
            term += c;
        }
    }
    out.push_back(term);
    return out;
}

base::Error parseError(std::string_view text, std::string_view found, std::string_view expected) {
    (void)text;
    return base::makeError("unable to parse requirement: found '" + std::string(found) +
                           "', expected: " + std::string(expected));
}

base::Result<Requirement> parseSetTerm(std::string_view term, std::size_t open) {
    Requirement out;
    const auto head = base::splitFields(term.substr(0, open));
    const std::size_t close = term.find(')', open);
    if (head.size() != 2 || close == std::string_view::npos)
        return parseError(term, term, "in, notin, =, ==, !=, gt, lt");
    if (head[1] != "in" && head[1] != "notin")
        return parseError(term, head[1], "in, notin, =, ==, !=, gt, lt");
    out.key = head[0];
    out.op = head[1] == "in" ? Op::In : Op::NotIn;
    for (const std::string& value : base::split(term.substr(open + 1, close - open - 1), ','))
        out.values.emplace_back(base::trim(value));
    std::sort(out.values.begin(), out.values.end());
    out.values.erase(std::unique(out.values.begin(), out.values.end()), out.values.end());
    return out;
}

base::Result<Requirement> parseTerm(std::string_view raw) {
    const std::string_view term = base::trim(raw);
    Requirement out;
    if (term.empty()) return parseError(raw, "", "!, identifier, or 'end of string'");
    if (const std::size_t open = term.find('('); open != std::string_view::npos)
        return parseSetTerm(term, open);
    struct Operator {
        std::string_view text;
        Op op;
    };
    for (const Operator& entry : {Operator{"!=", Op::NotEquals}, Operator{"==", Op::Equals},
                                  Operator{"=", Op::Equals}, Operator{">", Op::Gt}, Operator{"<", Op::Lt}}) {
        const std::size_t at = term.find(entry.text);
        if (at == std::string_view::npos) continue;
        out.key = base::trim(term.substr(0, at));
        out.op = entry.op;
        out.values = {std::string(base::trim(term.substr(at + entry.text.size())))};
        return out;
    }
    const bool negated = term[0] == '!';
    const auto words = base::splitFields(negated ? term.substr(1) : term);
    if (words.size() != 1)
        return parseError(term, words.size() > 1 ? words[1] : "", "in, notin, =, ==, !=, gt, lt");
    out.key = words[0];
    out.op = negated ? Op::DoesNotExist : Op::Exists;
    return out;
}

} // namespace

bool Requirement::matches(const document::Value& labels) const {
    const document::Value& value = labels[key];
    const bool has = value.isString();
    switch (op) {
    case Op::In:
    case Op::Equals: return has && contains(values, value.asString());
    case Op::NotIn:
    case Op::NotEquals: return !has || !contains(values, value.asString());
    case Op::Exists: return has;
    case Op::DoesNotExist: return !has;
    case Op::Gt:
    case Op::Lt: {
        const auto left = has ? base::parseInt(value.asString()) : std::nullopt;
        const auto right = values.size() == 1 ? base::parseInt(values[0]) : std::nullopt;
        if (!left || !right) return false;
        return op == Op::Gt ? *left > *right : *left < *right;
    }
    }
    return false;
}

LabelSelector LabelSelector::nothing() {
    LabelSelector out;
    out.nothing_ = true;
    return out;
}

base::Result<LabelSelector> LabelSelector::parse(std::string_view text) {
    LabelSelector out;
    if (base::trim(text).empty()) return out;
    for (const std::string& term : splitTerms(text)) {
        BASE_TRY(Requirement requirement, parseTerm(term));
        out.requirements_.push_back(std::move(requirement));
    }
    std::stable_sort(out.requirements_.begin(), out.requirements_.end(),
                     [](const Requirement& a, const Requirement& b) { return a.key < b.key; });
    return out;
}

base::Result<LabelSelector> LabelSelector::fromObject(const document::Value& selector) {
    if (selector.isNull()) return nothing();
    LabelSelector out = fromMap(selector["matchLabels"]);
    out.nothing_ = false;
    for (const document::Value& item : selector["matchExpressions"].items()) {
        Requirement requirement;
        requirement.key = item["key"].text();
        const std::string_view op = item["operator"].asString();
        if (op == "In") requirement.op = Op::In;
        else if (op == "NotIn") requirement.op = Op::NotIn;
        else if (op == "Exists") requirement.op = Op::Exists;
        else if (op == "DoesNotExist") requirement.op = Op::DoesNotExist;
        else return base::makeError(base::quoteGo(op) + " is not a valid label selector operator");
        for (const document::Value& value : item["values"].items())
            requirement.values.push_back(value.text());
        std::sort(requirement.values.begin(), requirement.values.end());
        out.requirements_.push_back(std::move(requirement));
    }
    std::stable_sort(out.requirements_.begin(), out.requirements_.end(),
                     [](const Requirement& a, const Requirement& b) { return a.key < b.key; });
    return out;
}

LabelSelector LabelSelector::fromMap(const document::Value& labels) {
    if (labels.isNull()) return nothing();
    LabelSelector out;
    for (const document::Member& member : labels.members()) {
        Requirement requirement;
        requirement.key = member.key.text();
        requirement.op = Op::Equals;
        requirement.values = {member.value.text()};
        out.requirements_.push_back(std::move(requirement));
    }
    return out;
}

bool LabelSelector::matches(const document::Value& labels) const {
    if (nothing_) return false;
    for (const Requirement& requirement : requirements_)
        if (!requirement.matches(labels)) return false;
    return true;
}

std::string LabelSelector::text() const {
    std::string out;
    for (const Requirement& requirement : requirements_) {
        if (!out.empty()) out += ",";
        const std::string list = base::join(requirement.values, ",");
        switch (requirement.op) {
        case Op::Equals: out += requirement.key + "=" + list; break;
        case Op::NotEquals: out += requirement.key + "!=" + list; break;
        case Op::In: out += requirement.key + " in (" + list + ")"; break;
        case Op::NotIn: out += requirement.key + " notin (" + list + ")"; break;
        case Op::Exists: out += requirement.key; break;
        case Op::DoesNotExist: out += "!" + requirement.key; break;
        case Op::Gt: out += requirement.key + ">" + list; break;
        case Op::Lt: out += requirement.key + "<" + list; break;
        }
    }
    return out;
}

std::string fieldText(const document::Value& object, std::string_view path) {
    const document::Value* value = &object;
    for (const std::string& part : base::split(path, '.')) value = &(*value)[part];
    if (value->isString()) return value->text();
    if (value->isBool()) return value->asBool() ? "true" : "false";
    if (value->isInt()) return std::to_string(value->asInt());
    return {};
}

Requirement nodeRequirement(const document::Value& expression) {
    Requirement out;
    out.key = expression["key"].text();
    const std::string_view op = expression["operator"].asString();
    out.op = op == "In"             ? Op::In
             : op == "NotIn"        ? Op::NotIn
             : op == "DoesNotExist" ? Op::DoesNotExist
             : op == "Gt"           ? Op::Gt
             : op == "Lt"           ? Op::Lt
                                    : Op::Exists;
    for (const document::Value& value : expression["values"].items()) out.values.push_back(value.text());
    return out;
}

} // namespace api
