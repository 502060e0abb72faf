#include "shell/variables.h"

#include <set>

namespace shell {

std::optional<std::string> Variable::scalar() const {
    if (isIndexed) {
        const auto found = indexed.find(0);
        return found == indexed.end() ? std::nullopt : std::optional(found->second);
    }
    if (isKeyed) {
        const auto found = keyed.find("0");
        return found == keyed.end() ? std::nullopt : std::optional(found->second);
    }
    return isSet ? std::optional(value) : std::nullopt;
}

std::string Variables::resolveName(std::string_view name) const {
    std::string at(name);
    for (int hops = 0; hops < 8; ++hops) {
        const Variable* found = nullptr;
        for (auto scope = scopes_.rbegin(); scope != scopes_.rend() && !found; ++scope)
            if (const auto it = scope->find(at); it != scope->end()) found = &it->second;
        if (found == nullptr || !found->reference || found->value.empty()) return at;
        at = found->value;
    }
    return at;
}

const Variable* Variables::find(std::string_view name) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope)
        if (const auto it = scope->find(name); it != scope->end()) {
            if (it->second.reference && !it->second.value.empty()) {
                const std::string target = resolveName(name);
                return target == name ? &it->second : find(target);
            }
            return &it->second;
        }
    return nullptr;
}

Variable* Variables::find(std::string_view name) {
    return const_cast<Variable*>(static_cast<const Variables*>(this)->find(name));
}

Variable& Variables::make(std::string_view name) {
    if (Variable* found = find(name)) return *found;
    return scopes_.front()[resolveName(name)];
}

Variable& Variables::makeLocal(std::string_view name) { return scopes_.back()[std::string(name)]; }
Variable& Variables::makeGlobal(std::string_view name) {
    return scopes_.front()[std::string(name)];
}
bool Variables::isLocal(std::string_view name) const {
    return scopes_.size() > 1 && scopes_.back().count(std::string(name)) > 0;
}

bool Variables::unset(std::string_view name) {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope)
        if (const auto it = scope->find(name); it != scope->end()) {
            scope->erase(it);
            return true;
        }
    return false;
}

std::string Variables::text(std::string_view name) const {
    return get(name).value_or(std::string());
}

std::optional<std::string> Variables::get(std::string_view name) const {
    const Variable* found = find(name);
    return found == nullptr ? std::nullopt : found->scalar();
}

void Variables::setText(std::string_view name, std::string value) {
    Variable& variable = make(name);
    if (variable.isIndexed) {
        variable.indexed[0] = std::move(value);
    } else if (variable.isKeyed) {
        variable.keyed["0"] = std::move(value);
    } else {
        variable.value = std::move(value);
        variable.isSet = true;
    }
}

void Variables::exportText(std::string_view name, std::string value) {
    setText(name, std::move(value));
    make(name).exported = true;
}

std::vector<std::string> Variables::names() const {
    std::set<std::string> all;
    for (const auto& scope : scopes_)
        for (const auto& [name, variable] : scope) all.insert(name);
    return {all.begin(), all.end()};
}

std::map<std::string, std::string> Variables::environment() const {
    std::map<std::string, std::string> out;
    for (const auto& scope : scopes_)
        for (const auto& [name, variable] : scope) {
            if (variable.exported && variable.isSet && !variable.isArray()) {
                out[name] = variable.value;
            } else if (!variable.exported) {
                out.erase(name);
            }
        }
    return out;
}

namespace {
bool needsAnsi(std::string_view value) {
    for (const char c : value)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
    return false;
}
std::string ansi(std::string_view value) {
    std::string out = "$'";
    for (const char c : value) {
        switch (c) {
        case '\n': out += "\\n"; break;
        case '\t': out += "\\t"; break;
        case '\r': out += "\\r"; break;
        case '\a': out += "\\a"; break;
        case '\b': out += "\\b"; break;
        case '\f': out += "\\f"; break;
        case '\v': out += "\\v"; break;
        case '\x1b': out += "\\E"; break;
        case '\'': out += "\\'"; break;
        case '\\': out += "\\\\"; break;
        default:
            if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
                const unsigned char u = static_cast<unsigned char>(c);
                out += '\\';
                out += static_cast<char>('0' + (u >> 6));
                out += static_cast<char>('0' + ((u >> 3) & 7));
                out += static_cast<char>('0' + (u & 7));
            } else {
                out += c;
            }
        }
    }
    return out + "'";
}
} // namespace

std::string quoteForDeclare(std::string_view value) {
    if (needsAnsi(value)) return ansi(value);
    std::string out = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\' || c == '$' || c == '`') out += '\\';
        out += c;
    }
    return out + "\"";
}

std::string quoteForShell(std::string_view value) {
    if (value.empty()) return "''";
    if (needsAnsi(value)) return ansi(value);
    std::string out;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const char c = value[i];
        if (std::string_view(" '\"\\|&;()<>!{}*[]?^$`,").find(c) != std::string_view::npos ||
            ((c == '#' || c == '~') && i == 0))
            out += '\\';
        out += c;
    }
    return out;
}

std::string quoteSingle(std::string_view value) {
    if (needsAnsi(value)) return ansi(value);
    const bool special = value.empty() || value.find_first_of(" \t\n'\"\\|&;()<>!{}*[]?^$`~#=") !=
                                              std::string_view::npos;
    if (!special) return std::string(value);
    std::string out = "'";
    for (const char c : value) {
        if (c == '\'') {
            out += "'\\''";
        } else {
            out += c;
        }
    }
    return out + "'";
}

std::string describeVariable(const std::string& name, const Variable& variable) {
    std::string flags;
    if (variable.isIndexed) flags += 'a';
    if (variable.isKeyed) flags += 'A';
    if (variable.integer) flags += 'i';
    if (variable.lower) flags += 'l';
    if (variable.reference) flags += 'n';
    if (variable.readOnly) flags += 'r';
    if (variable.upper) flags += 'u';
    if (variable.exported) flags += 'x';
    std::string out = "declare -" + (flags.empty() ? std::string("-") : flags) + " " + name;
    if (variable.isIndexed) {
        if (!variable.isSet) return out;
        out += "=(";
        bool first = true;
        for (const auto& [index, value] : variable.indexed) {
            out += (first ? "[" : " [") + std::to_string(index) + "]=" + quoteForDeclare(value);
            first = false;
        }
        return out + ")";
    }
    if (variable.isKeyed) {
        if (!variable.isSet) return out;
        out += "=(";
        for (const auto& [key, value] : variable.keyed) {
            const bool plain = !key.empty() && key.find_first_of(" \t\n'\"\\|&;()<>!{}*[]?^$`") ==
                                                   std::string::npos;
            out += "[" + (plain ? key : quoteForDeclare(key)) + "]=" + quoteForDeclare(value) + " ";
        }
        return out + ")";
    }
    if (!variable.isSet) return out;
    return out + "=" + quoteForDeclare(variable.value);
}

} // namespace shell
