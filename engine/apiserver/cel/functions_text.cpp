// Source: cel-go ext/strings.go, ext/formatting.go; apiserver pkg/cel/library regex.go.
#include "api/patterns.h"
#include "apiserver/cel/format.h"
#include "base/strings.h"

#include <algorithm>
#include <re2/re2.h>

namespace apiserver::cel {

using document::Value;
using Kind = Datum::Kind;

namespace {

// Indices count characters, not bytes.
std::vector<std::string> characters(std::string_view text) {
    std::vector<std::string> out;
    for (const char c : text) {
        if ((static_cast<unsigned char>(c) & 0xc0) == 0x80 && !out.empty()) out.back() += c;
        else out.emplace_back(1, c);
    }
    return out;
}

base::Result<Datum> outOfRange(std::int64_t at) { return base::makeError("index out of range: " + std::to_string(at)); }

std::string joined(const std::vector<std::string>& parts, std::size_t from, std::size_t to) {
    std::string out;
    for (std::size_t i = from; i < to; ++i) out += parts[i];
    return out;
}

base::Result<Datum> substring(const std::string& self, const Data& a) {
    const auto text = characters(self);
    const auto size = static_cast<std::int64_t>(text.size());
    const std::int64_t from = a[1].value.asInt();
    if (a.size() == 2) {
        if (from < 0 || from > size) return outOfRange(from);
        return Datum(Value(joined(text, static_cast<std::size_t>(from), text.size())));
    }
    const std::int64_t to = a[2].value.asInt();
    if (from > to)
        return base::makeError("invalid substring range. start: " + std::to_string(from) + ", end: " + std::to_string(to));
    if (from < 0 || from > size) return outOfRange(from);
    if (to < 0 || to > size) return outOfRange(to);
    return Datum(Value(joined(text, static_cast<std::size_t>(from), static_cast<std::size_t>(to))));
}

base::Result<Datum> find(const std::string& name, const std::string& self, const Data& a) {
    const auto text = characters(self), other = characters(a[1].value.asString());
    const auto size = static_cast<std::int64_t>(text.size()), width = static_cast<std::int64_t>(other.size());
    const bool last = name == "lastIndexOf";
    std::int64_t at = last ? size - width : 0;
    if (a.size() > 2) {
        at = a[2].value.asInt();
        if (width == 0) return Datum(Value(at));
        if (at < 0) return outOfRange(at);
        if (at >= size) return Datum(Value(std::int64_t{-1}));
    }
    if (last) at = std::min(at, size - width);
    for (; at >= 0 && at + width <= size; at += last ? -1 : 1) {
        bool same = true;
        for (std::int64_t i = 0; i < width && same; ++i)
            same = text[static_cast<std::size_t>(at + i)] == other[static_cast<std::size_t>(i)];
        if (same) return Datum(Value(at));
    }
    return Datum(Value(std::int64_t{-1}));
}

Datum split(const std::string& self, const std::string& separator, std::int64_t limit) {
    document::ArrayBuilder out;
    if (limit == 0) return Datum(std::move(out).build());
    std::int64_t count = 1;
    if (separator.empty()) {
        auto text = characters(self);
        for (std::size_t i = 0; i < text.size(); ++i, ++count) {
            if (limit > 0 && count == limit) {
                out.push(Value(joined(text, i, text.size())));
                break;
            }
            out.push(Value(text[i]));
        }
        return Datum(std::move(out).build());
    }
    std::size_t from = 0;
    for (std::size_t at; (limit < 0 || count < limit) && (at = self.find(separator, from)) != std::string::npos; ++count) {
        out.push(Value(self.substr(from, at - from)));
        from = at + separator.size();
    }
    out.push(Value(self.substr(from)));
    return Datum(std::move(out).build());
}

Datum replace(const std::string& self, const std::string& old, const std::string& next, std::int64_t limit) {
    std::string out;
    std::size_t from = 0;
    std::int64_t count = 0;
    if (old.empty()) {
        // Before every character and at the end.
        const auto text = characters(self);
        for (std::size_t i = 0; i <= text.size(); ++i, ++count)
            out += (limit < 0 || count < limit ? next : std::string()) + (i < text.size() ? text[i] : std::string());
        return Datum(Value(out));
    }
    for (std::size_t at; (limit < 0 || count < limit) && (at = self.find(old, from)) != std::string::npos; ++count) {
        out += self.substr(from, at - from) + next;
        from = at + old.size();
    }
    return Datum(Value(out + self.substr(from)));
}

base::Result<Datum> regular(const std::string& name, const std::string& self, const Data& a) {
    const std::string problem = api::patternProblem(a[1].value.asString());
    if (!problem.empty())
        return base::makeError((name == "matches" ? "error parsing regexp: " : "Illegal regex: error parsing regexp: ") + problem);
    const re2::RE2 pattern(std::string(a[1].value.asString()), re2::RE2::Quiet);
    if (name == "matches") return Datum(Value(re2::RE2::PartialMatch(self, pattern)));
    const std::int64_t limit = name == "find" ? 1 : a.size() > 2 ? a[2].value.asInt() : -1;
    document::ArrayBuilder found;
    re2::StringPiece text(self), match;
    std::size_t at = 0;
    while ((limit < 0 || static_cast<std::int64_t>(found.size()) < limit) && at <= self.size() &&
           pattern.Match(text, at, self.size(), re2::RE2::UNANCHORED, &match, 1)) {
        found.push(Value(std::string_view(match.data(), match.size())));
        const auto end = static_cast<std::size_t>(match.data() - self.data()) + match.size();
        at = match.size() == 0 ? end + 1 : end;
    }
    const Value all = std::move(found).build();
    if (name == "find") return Datum(all.size() == 0 ? Value("") : all[0]);
    return Datum(all);
}

} // namespace

Answer textFunction(const std::string& name, const Data& a, bool method) {
    if (name == "matches" && a.size() == 2 && a[0].value.isString() && a[1].value.isString()) return regular(name, a[0].value.text(), a);
    if (name == "strings.quote" && a.size() == 1) return Datum(Value(base::quoteGo(a[0].value.asString())));
    if (!method || a.empty() || a[0].kind != Kind::Plain || !a[0].value.isString()) return std::nullopt;
    const std::string self = a[0].value.text();
    const auto texts = [&](std::size_t from, std::size_t count) {
        for (std::size_t i = from; i < from + count; ++i)
            if (i >= a.size() || a[i].kind != Kind::Plain || !a[i].value.isString()) return false;
        return true;
    };
    const auto whole = [&](std::size_t i) { return i < a.size() && a[i].kind == Kind::Plain && a[i].value.isInt(); };
    if (name == "lowerAscii" && a.size() == 1) return Datum(Value(base::toLower(self)));
    if (name == "upperAscii" && a.size() == 1) return Datum(Value(base::toUpper(self)));
    if (name == "trim" && a.size() == 1) return Datum(Value(base::trim(self)));
    if (name == "charAt" && whole(1)) {
        const auto text = characters(self);
        const std::int64_t at = a[1].value.asInt();
        if (at == static_cast<std::int64_t>(text.size())) return Datum(Value(""));
        if (at < 0 || at > static_cast<std::int64_t>(text.size())) return outOfRange(at);
        return Datum(Value(text[static_cast<std::size_t>(at)]));
    }
    if (name == "substring" && whole(1) && (a.size() == 2 || whole(2))) return substring(self, a);
    if (name == "format" && a.size() == 2)
        if (const auto given = membersOf(a[1])) return formatted(self, *given);
    if (!texts(1, 1)) return std::nullopt;
    const std::string other = a[1].value.text();
    if (name == "startsWith") return Datum(Value(self.starts_with(other)));
    if (name == "endsWith") return Datum(Value(self.ends_with(other)));
    if (name == "contains") return Datum(Value(self.find(other) != std::string::npos));
    if (name == "find" || name == "findAll") return regular(name, self, a);
    if (name == "indexOf" || name == "lastIndexOf") return find(name, self, a);
    if (name == "split") return split(self, other, whole(2) ? a[2].value.asInt() : -1);
    if (name == "replace" && texts(2, 1)) return replace(self, other, a[2].value.text(), whole(3) ? a[3].value.asInt() : -1);
    return std::nullopt;
}

} // namespace apiserver::cel
