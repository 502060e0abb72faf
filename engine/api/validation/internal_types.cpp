// Some error texts show Go structs that have no JSON tags: Go field names, unset pointers as null. The
// table assets/kinds/internal.tsv knows their fields.
#include "api/validation/rules.h"

#include "base/assets.h"
#include "base/strings.h"
#include "document/json.h"

#include <algorithm>
#include <map>

namespace api::validation {
namespace {

struct InternalField {
    std::string_view name, code, alias; // no name: embedded, its fields stand among the others
};
using InternalTypes = std::map<std::string_view, std::vector<InternalField>>;

const InternalTypes& internalTypes() {
    static const InternalTypes types = [] {
        InternalTypes result;
        std::vector<InternalField>* current = nullptr;
        std::string_view table = base::asset("kinds/internal.tsv");
        while (!table.empty()) {
            const std::size_t end = std::min(table.find('\n'), table.size());
            const std::string_view line = table.substr(0, end);
            table.remove_prefix(std::min(end + 1, table.size()));
            if (line.substr(0, 2) == "I ") {
                current = &result[line.substr(2)];
                continue;
            }
            const std::size_t first = line.find('\t');
            if (current == nullptr || first == std::string_view::npos) continue;
            const std::size_t second = std::min(line.find('\t', first + 1), line.size());
            InternalField field;
            field.name = line.substr(0, first);
            field.code = line.substr(first + 1, second - first - 1);
            if (second < line.size()) field.alias = line.substr(second + 1);
            current->push_back(field);
        }
        return result;
    }();
    return types;
}

const Value& memberIgnoringCase(const Value& object, std::string_view name) {
    static const Value none;
    for (const Member& member : object.members()) {
        const std::string_view key = member.key.view();
        const bool same = key.size() == name.size() &&
                          std::equal(key.begin(), key.end(), name.begin(), [](char a, char b) {
                              const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : +c; };
                              return lower(a) == lower(b);
                          });
        if (same) return member.value;
    }
    return none;
}

// Where the internal form differs from the served one.
Value rearranged(std::string_view type, const Value& value) {
    if (type == "core.PodSpec") {
        Value security = value["securityContext"];
        for (const char* field : {"hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"})
            if (value.has(field)) security = security.with(field, value[field]);
        return security.isNull() ? value : value.with("securityContext", security);
    }
    return value;
}

class Printer {
public:
    explicit Printer(bool pretty) : pretty_(pretty) {}
    std::string out;

    void print(std::string_view code, const Value& value) {
        if (code.empty()) return null();
        switch (code[0]) {
        case '*':
            if (value.isNull()) return null();
            return print(code.substr(1), value);
        case '[': return list(code.substr(1), value);
        case '{': return map(code.substr(1), value);
        case 'S': return structure(code.substr(1), value);
        case 's': return text(value.isNull() ? Value("") : value);
        case 'b': out += value.asBool() ? "true" : "false"; return;
        case 'i':
            if (value.isDouble()) return text(value);
            out += std::to_string(value.asInt());
            return;
        case 'q': return text(value.isNull() ? Value("0") : value);
        case 'o': return text(value.isNull() ? Value(0) : value);
        case 'y':
            if (value.isNull()) return null();
            return text(value);
        default: return plain(value);
        }
    }

private:
    void null() { out += "null"; }
    void text(const Value& value) { out += document::writeJson(value, true); }
    void breakLine() {
        if (!pretty_) return;
        out += '\n';
        out.append(static_cast<std::size_t>(depth_), ' ');
    }
    void open(char c) {
        out += c;
        ++depth_;
        first_ = true;
    }
    void close(char c, bool empty) {
        --depth_;
        if (!empty) breakLine();
        out += c;
        first_ = false;
    }
    void next() {
        if (!first_) out += ',';
        first_ = false;
        breakLine();
    }
    void key(std::string_view name) {
        next();
        out += document::writeJson(Value(name), true);
        out += pretty_ ? ": " : ":";
    }
    // Types with JSON tags of their own.
    void plain(const Value& value) {
        if (value.isObject()) {
            open('{');
            for (const Member& member : value.members()) {
                key(member.key.view());
                plain(member.value);
            }
            close('}', value.size() == 0);
        } else if (value.isArray()) {
            open('[');
            for (const Value& item : value.items()) {
                next();
                plain(item);
            }
            close(']', value.size() == 0);
        } else {
            text(value);
        }
    }
    void list(std::string_view code, const Value& value) {
        if (!value.isArray()) return null();
        open('[');
        for (const Value& item : value.items()) {
            next();
            print(code, item);
        }
        close(']', value.size() == 0);
    }
    void map(std::string_view code, const Value& value) {
        if (!value.isObject()) return null();
        open('{');
        for (const Member& member : value.members()) {
            key(member.key.view());
            print(code, member.value);
        }
        close('}', value.size() == 0);
    }
    void structure(std::string_view type, const Value& given) {
        open('{');
        const std::size_t before = out.size();
        fields(type, given);
        close('}', out.size() == before);
    }
    void fields(std::string_view type, const Value& given) {
        const Value value = rearranged(type, given);
        const auto found = internalTypes().find(type);
        if (found == internalTypes().end()) return;
        for (const InternalField& field : found->second) {
            if (!field.name.empty()) {
                key(field.name);
                print(field.code, memberIgnoringCase(value, field.alias.empty() ? field.name : field.alias));
            } else if (field.code[0] == 'S') {
                fields(field.code.substr(1), value);
            } else { // embedded metadata has tags
                const Value& meta = value["metadata"];
                for (const Member& member : meta.members()) {
                    key(member.key.view());
                    plain(member.value);
                }
            }
        }
    }

    bool pretty_;
    int depth_ = 0;
    bool first_ = true;
};

std::string codeOf(std::string_view type) {
    if (type.substr(0, 2) == "[]") return "[" + codeOf(type.substr(2));
    return "S" + (type.find('.') == std::string_view::npos ? "core." + std::string(type) : std::string(type));
}

// Source: github.com/pmezard/go-difflib, a port of Python's difflib.
class Matcher {
public:
    struct Block {
        std::size_t a, b, size;
    };
    Matcher(const std::vector<std::string>& a, const std::vector<std::string>& b) : a_(a), b_(b) {
        for (std::size_t i = 0; i < b.size(); ++i) places_[b[i]].push_back(i);
        // Lines that occur all over say nothing about the place of a change.
        if (b.size() < 200) return;
        const std::size_t limit = b.size() / 100 + 1;
        std::erase_if(places_, [&](const auto& item) { return item.second.size() > limit; });
    }
    std::vector<Block> blocks() {
        std::vector<Block> found;
        collect(0, a_.size(), 0, b_.size(), found);
        std::vector<Block> merged;
        for (const Block& block : found) {
            if (!merged.empty() && merged.back().a + merged.back().size == block.a &&
                merged.back().b + merged.back().size == block.b)
                merged.back().size += block.size;
            else merged.push_back(block);
        }
        merged.push_back({a_.size(), b_.size(), 0});
        return merged;
    }

private:
    Block longest(std::size_t alo, std::size_t ahi, std::size_t blo, std::size_t bhi) const {
        Block best{alo, blo, 0};
        std::map<std::size_t, std::size_t> lengths;
        for (std::size_t i = alo; i < ahi; ++i) {
            std::map<std::size_t, std::size_t> now;
            if (const auto found = places_.find(a_[i]); found != places_.end()) {
                for (std::size_t j : found->second) {
                    if (j < blo) continue;
                    if (j >= bhi) break;
                    const auto before = j > 0 ? lengths.find(j - 1) : lengths.end();
                    const std::size_t k = (before == lengths.end() ? 0 : before->second) + 1;
                    now[j] = k;
                    if (k > best.size) best = {i + 1 - k, j + 1 - k, k};
                }
            }
            lengths = std::move(now);
        }
        while (best.a > alo && best.b > blo && a_[best.a - 1] == b_[best.b - 1]) {
            --best.a;
            --best.b;
            ++best.size;
        }
        while (best.a + best.size < ahi && best.b + best.size < bhi &&
               a_[best.a + best.size] == b_[best.b + best.size])
            ++best.size;
        return best;
    }
    void collect(std::size_t alo, std::size_t ahi, std::size_t blo, std::size_t bhi, std::vector<Block>& found) {
        const Block block = longest(alo, ahi, blo, bhi);
        if (block.size == 0) return;
        if (alo < block.a && blo < block.b) collect(alo, block.a, blo, block.b, found);
        found.push_back(block);
        if (block.a + block.size < ahi && block.b + block.size < bhi)
            collect(block.a + block.size, ahi, block.b + block.size, bhi, found);
    }

    const std::vector<std::string>& a_;
    const std::vector<std::string>& b_;
    std::map<std::string, std::vector<std::size_t>> places_;
};

struct Opcode {
    char tag; // '=' equal, '~' replace, '-' delete, '+' insert
    std::size_t i1, i2, j1, j2;
};

std::vector<std::vector<Opcode>> groupedOpcodes(std::vector<Opcode> codes) {
    constexpr std::size_t kContext = 3;
    std::vector<std::vector<Opcode>> groups;
    if (codes.empty()) return groups;
    const auto later = [](std::size_t low, std::size_t end) { return end > low + kContext ? end - kContext : low; };
    if (Opcode& c = codes.front(); c.tag == '=') {
        c.i1 = later(c.i1, c.i2);
        c.j1 = later(c.j1, c.j2);
    }
    if (Opcode& c = codes.back(); c.tag == '=') {
        c.i2 = std::min(c.i2, c.i1 + kContext);
        c.j2 = std::min(c.j2, c.j1 + kContext);
    }
    std::vector<Opcode> group;
    for (Opcode c : codes) {
        if (c.tag == '=' && c.i2 - c.i1 > 2 * kContext) {
            group.push_back({'=', c.i1, c.i1 + kContext, c.j1, c.j1 + kContext});
            groups.push_back(std::move(group));
            group.clear();
            c.i1 = c.i2 - kContext;
            c.j1 = c.j2 - kContext;
        }
        group.push_back(c);
    }
    if (!group.empty() && !(group.size() == 1 && group[0].tag == '=')) groups.push_back(std::move(group));
    return groups;
}

std::string rangeOf(std::size_t start, std::size_t stop) {
    const std::size_t length = stop - start;
    if (length == 1) return std::to_string(start + 1);
    return std::to_string(length == 0 ? start : start + 1) + "," + std::to_string(length);
}

std::string unifiedDiff(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    std::vector<Opcode> codes;
    std::size_t i = 0, j = 0;
    for (const Matcher::Block& block : Matcher(a, b).blocks()) {
        if (i < block.a && j < block.b) codes.push_back({'~', i, block.a, j, block.b});
        else if (i < block.a) codes.push_back({'-', i, block.a, j, block.b});
        else if (j < block.b) codes.push_back({'+', i, block.a, j, block.b});
        i = block.a + block.size;
        j = block.b + block.size;
        if (block.size > 0) codes.push_back({'=', block.a, i, block.b, j});
    }
    std::string out;
    for (const auto& group : groupedOpcodes(std::move(codes))) {
        out += "@@ -" + rangeOf(group.front().i1, group.back().i2) + " +" +
               rangeOf(group.front().j1, group.back().j2) + " @@\n";
        for (const Opcode& c : group) {
            for (std::size_t n = c.i1; n < c.i2; ++n) out += (c.tag == '=' ? " " : "-") + a[n] + "\n";
            if (c.tag == '=') continue;
            for (std::size_t n = c.j1; n < c.j2; ++n) out += "+" + b[n] + "\n";
        }
    }
    return out;
}

} // namespace

std::string internalJson(std::string_view type, const Value& value) {
    Printer printer(false);
    printer.print(codeOf(type), value);
    return std::move(printer.out);
}

std::string internalDiff(std::string_view type, const Value& before, const Value& after) {
    const auto lines = [&](const Value& value) {
        Printer printer(true);
        printer.print(codeOf(type), value);
        return base::split(printer.out, '\n');
    };
    return unifiedDiff(lines(before), lines(after));
}

} // namespace api::validation
