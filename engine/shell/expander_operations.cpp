// What ${parameter...} does to the text: substrings, removal, replacement, case, quoting.

#include "base/strings.h"
#include "shell/expander.h"
#include "shell/pattern.h"

#include <algorithm>
#include <cctype>

namespace shell {
namespace {

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    }));
}

std::size_t byteIndex(std::string_view text, std::size_t character) {
    std::size_t at = 0;
    while (at < text.size() && character > 0) {
        ++at;
        while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
        --character;
    }
    return at;
}

std::string removeAffix(const std::string& text, const std::string& pattern, bool prefix,
                        bool longest) {
    const PatternOptions options{};
    const std::size_t size = text.size();
    for (std::size_t i = 0; i <= size; ++i) {
        const std::size_t length = longest ? size - i : i;
        const std::string_view piece = prefix ? std::string_view(text).substr(0, length)
                                              : std::string_view(text).substr(size - length);
        if (matchPattern(pattern, piece, options))
            return prefix ? text.substr(length) : text.substr(0, size - length);
    }
    return text;
}

std::string changeCase(const std::string& text, const std::string& pattern, bool upper, bool all) {
    std::string out = text;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (pattern.empty() || matchPattern(pattern, std::string_view(&text[i], 1), {}))
            out[i] = static_cast<char>(upper ? std::toupper(static_cast<unsigned char>(out[i]))
                                             : std::tolower(static_cast<unsigned char>(out[i])));
        if (!all) break;
    }
    return out;
}

// & in the replacement stands for the match (shopt patsub_replacement, on by default in 5.2).
std::string withMatch(const std::string& replacement, std::string_view match) {
    std::string out;
    for (std::size_t i = 0; i < replacement.size(); ++i) {
        if (replacement[i] == '\\' && i + 1 < replacement.size()) {
            out += replacement[++i];
        } else if (replacement[i] == '&') {
            out += match;
        } else {
            out += replacement[i];
        }
    }
    return out;
}

std::string replaceIn(const std::string& text, const std::string& pattern,
                      const std::string& replacement, char anchor) {
    if (pattern.empty() && anchor != '#' && anchor != '%') return text;
    const std::size_t size = text.size();
    const std::string_view view = text;
    if (anchor == '#' || anchor == '%') {
        for (std::size_t length = size + 1; length-- > 0;) {
            const auto piece = anchor == '#' ? view.substr(0, length) : view.substr(size - length);
            if (!matchPattern(pattern, piece, {})) continue;
            const std::string middle = withMatch(replacement, piece);
            return anchor == '#' ? middle + text.substr(length)
                                 : text.substr(0, size - length) + middle;
        }
        return text;
    }
    const bool plain = !hasWildcard(pattern, true);
    const std::string needle = plain ? unescapePattern(pattern) : std::string();
    std::string out;
    std::size_t at = 0;
    while (at < size) {
        std::size_t matched = 0;
        if (plain) {
            if (view.substr(at, needle.size()) == needle) matched = needle.size();
        } else {
            for (std::size_t length = size - at; length > 0 && matched == 0; --length)
                if (matchPattern(pattern, view.substr(at, length), {})) matched = length;
        }
        if (matched == 0) {
            out += text[at++];
            continue;
        }
        out += withMatch(replacement, view.substr(at, matched));
        at += matched;
        if (anchor != '/') break;
    }
    return out + text.substr(at);
}

} // namespace

sim::Task<bool> Expander::substring(const WordPart& part, Value& value) {
    const std::string offsetText = co_await shell_.expandText(*part.argument);
    std::string lengthText;
    if (part.argument2) lengthText = co_await shell_.expandText(*part.argument2);
    bool ok = true;
    std::string error;
    std::int64_t offset = shell_.arithmetic(offsetText, ok, error);
    std::int64_t length = INT64_MAX;
    if (ok && part.argument2) length = shell_.arithmetic(lengthText, ok, error);
    if (!ok) {
        shell_.expansionError(error, 1, false);
        co_return false;
    }
    if (value.isList) {
        const bool positional = part.text == "@" || part.text == "*";
        if (positional) value.items.insert(value.items.begin(), shell_.name);
        const auto size = static_cast<std::int64_t>(value.items.size());
        if (offset < 0) offset += size;
        if (length < 0) {
            shell_.expansionError(lengthText + ": substring expression < 0", 1, false);
            co_return false;
        }
        Strings chosen;
        for (std::int64_t i = std::max<std::int64_t>(offset, 0);
             offset >= 0 && i < size && i - offset < length; ++i)
            chosen.push_back(value.items[static_cast<std::size_t>(i)]);
        value.items = std::move(chosen);
        co_return true;
    }
    if (value.items.empty()) co_return true;
    const std::string& text = value.items[0];
    const auto size = static_cast<std::int64_t>(characters(text));
    if (offset < 0) offset += size;
    if (offset < 0 || offset > size) {
        value.items = {""};
        co_return true;
    }
    std::int64_t end =
        length < 0 ? size + length : (length > size - offset ? size : offset + length);
    if (end < offset) {
        shell_.expansionError(lengthText + ": substring expression < 0", 1, false);
        co_return false;
    }
    const std::size_t from = byteIndex(text, static_cast<std::size_t>(offset));
    const std::size_t to = byteIndex(text, static_cast<std::size_t>(end));
    value.items = {text.substr(from, to - from)};
    co_return true;
}

sim::Task<void> Expander::replaceAll(const WordPart& part, Value& value) {
    const std::string pattern = co_await shell_.expandPattern(*part.argument);
    std::string replacement;
    if (part.argument2) {
        // Quoted characters are taken as they are: a quoted & is an ampersand.
        Expander inner(shell_, Mode::Text);
        co_await inner.word(*part.argument2);
        inner.endField();
        for (const Field& field : inner.fields_)
            for (std::size_t i = 0; i < field.text.size(); ++i) {
                if (field.mask[i] == 'q' && (field.text[i] == '&' || field.text[i] == '\\'))
                    replacement += '\\';
                replacement += field.text[i];
            }
    }
    for (std::string& item : value.items) item = replaceIn(item, pattern, replacement, part.anchor);
}

namespace {
std::string transformText(char form, const std::string& name, const std::string& text,
                          const Variable* variable) {
    switch (form) {
    case 'Q': {
        std::string out = "'";
        bool control = false;
        for (const char c : text) control = control || static_cast<unsigned char>(c) < 0x20;
        if (control) return quoteForShell(text);
        for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
        return out + "'";
    }
    case 'E': return decodeAnsiC(text);
    case 'U': return changeCase(text, "", true, true);
    case 'L': return changeCase(text, "", false, true);
    case 'u': return changeCase(text, "", true, false);
    case 'A':
        return variable != nullptr && (variable->isArray() || variable->exported ||
                                       variable->readOnly || variable->integer)
                   ? describeVariable(name, *variable)
                   : name + "=" + transformText('Q', name, text, nullptr);
    case 'a': {
        std::string flags;
        if (variable == nullptr) return flags;
        if (variable->isIndexed) flags += 'a';
        if (variable->isKeyed) flags += 'A';
        if (variable->integer) flags += 'i';
        if (variable->readOnly) flags += 'r';
        if (variable->exported) flags += 'x';
        return flags;
    }
    default: return text;
    }
}
} // namespace

sim::Task<void> Expander::transformed(const WordPart& part, Value value, bool quoted) {
    switch (part.op) {
    case ParamOp::Length: {
        const std::size_t size = value.isList          ? value.items.size()
                                 : value.items.empty() ? 0
                                                       : characters(value.items[0]);
        add(std::to_string(size), quoted);
        co_return;
    }
    case ParamOp::Substring: {
        const bool fine = co_await substring(part, value);
        if (!fine) co_return;
        break;
    }
    case ParamOp::RemovePrefix:
    case ParamOp::RemoveSuffix: {
        const std::string pattern = co_await shell_.expandPattern(*part.argument);
        for (std::string& item : value.items)
            item = removeAffix(item, pattern, part.op == ParamOp::RemovePrefix, part.longest);
        break;
    }
    case ParamOp::Replace: co_await replaceAll(part, value); break;
    case ParamOp::UpperCase:
    case ParamOp::LowerCase: {
        const std::string pattern = co_await shell_.expandPattern(*part.argument);
        for (std::string& item : value.items)
            item = changeCase(item, pattern, part.op == ParamOp::UpperCase, part.longest);
        break;
    }
    case ParamOp::Transform: {
        const Variable* variable = shell_.variables.find(part.text);
        if (value.isList && part.anchor == 'A' && variable != nullptr) {
            value.items = {describeVariable(part.text, *variable)};
        } else {
            for (std::string& item : value.items)
                item = transformText(part.anchor, part.text, item, variable);
            if (part.anchor == 'a' && value.items.empty())
                value.items = {transformText('a', part.text, "", variable)};
        }
        break;
    }
    default: break;
    }
    emit(value, quoted);
}

} // namespace shell
