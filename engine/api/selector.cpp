#include "api/selector.h"

#include "base/strings.h"

namespace api {

using document::Value;

std::string formatLabelSelector(const Value& selector) {
    auto parsed = LabelSelector::fromObject(selector);
    if (!parsed.ok()) return "<error>";
    const std::string text = parsed->text();
    return text.empty() ? "<none>" : text;
}

namespace {
// Terms end at commas that are not escaped. Source: apimachinery pkg/fields splitTerms.
std::vector<std::string> splitTerms(std::string_view text) {
    std::vector<std::string> terms;
    std::string term;
    bool escaped = false;
    for (char c : text) {
        if (escaped) {
            escaped = false;
            term += c;
        } else if (c == '\\') {
            escaped = true;
            term += c;
        } else if (c == ',') {
            terms.push_back(term);
            term.clear();
        } else {
            term += c;
        }
    }
    if (!text.empty()) terms.push_back(term);
    return terms;
}

base::Result<std::string> unescapeValue(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            if (text[i] == ',' || text[i] == '=')
                return base::makeError("invalid field selector: unescaped character in value: " +
                                       std::string(1, text[i]));
            out += text[i];
            continue;
        }
        if (++i >= text.size() || (text[i] != '\\' && text[i] != ',' && text[i] != '='))
            return base::makeError("invalid field selector: invalid escape sequence: \\" +
                                   (i < text.size() ? std::string(1, text[i]) : std::string()));
        out += text[i];
    }
    return out;
}
} // namespace

base::Result<FieldSelector> FieldSelector::parse(std::string_view text) {
    FieldSelector selector;
    for (const std::string& term : splitTerms(text)) {
        if (term.empty()) continue;
        std::size_t at = 0;
        std::string_view found;
        for (; at < term.size() && found.empty(); ++at) {
            for (std::string_view symbol : {"!=", "==", "="}) {
                if (std::string_view(term).substr(at, symbol.size()) != symbol) continue;
                found = symbol;
                break;
            }
            if (!found.empty()) break;
        }
        if (found.empty())
            return base::makeError("invalid selector: '" + std::string(text) +
                                   "'; can't understand '" + term + "'");
        auto value = unescapeValue(std::string_view(term).substr(at + found.size()));
        if (!value.ok()) return std::move(value).error();
        selector.terms_.push_back({term.substr(0, at), *value, found != "!="});
    }
    return selector;
}

std::string FieldSelector::text() const {
    std::vector<std::string> parts;
    for (const FieldTerm& term : terms_)
        parts.push_back(term.field + (term.equal ? "=" : "!=") + term.value);
    return base::join(parts, ",");
}

bool FieldSelector::matches(const Value& object) const {
    for (const FieldTerm& term : terms_) {
        Value current = object;
        for (const std::string& step : base::split(term.field, '.'))
            current = current[std::string_view(step)];
        std::string text = current.text();
        if (current.isBool()) text = current.asBool() ? "true" : "false";
        if (current.isInt()) text = std::to_string(current.asInt());
        if ((text == term.value) != term.equal) return false;
    }
    return true;
}

} // namespace api
