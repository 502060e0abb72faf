#include "shell/expander.h"

#include "base/strings.h"
#include "shell/pattern.h"

#include <algorithm>
#include <cctype>

namespace shell {

std::string Expander::Value::text() const { return base::join(items, " "); }

Expander::Expander(Shell& shell, Mode mode) : shell_(shell), mode_(mode) {}

void Expander::add(std::string_view text, bool quoted) {
    current_.text += text;
    current_.mask.append(text.size(), quoted ? 'q' : 'u');
    open_ = true;
}

void Expander::endField() {
    if (!open_) return;
    fields_.push_back(std::exchange(current_, {}));
    open_ = false;
}

std::string Expander::separator() const {
    const auto ifs = shell_.variables.get("IFS");
    if (!ifs) return " ";
    return ifs->empty() ? std::string() : ifs->substr(0, 1);
}

void Expander::addSplit(std::string_view text) {
    if (mode_ != Mode::Words) {
        if (!text.empty()) add(text, false);
        return;
    }
    const auto variable = shell_.variables.get("IFS");
    const std::string ifs = variable.value_or(" \t\n");
    enum { None, White, Mark } last = None;
    std::size_t start = 0;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        if (i < text.size() && ifs.find(text[i]) == std::string::npos) continue;
        if (i > start) {
            add(text.substr(start, i - start), false);
            last = None;
        }
        start = i + 1;
        if (i == text.size()) break;
        const char c = text[i];
        if (c == ' ' || c == '\t' || c == '\n') {
            if (open_) {
                endField();
                last = White;
            }
        } else {
            if (!open_ && last != White) open_ = true; // an empty field between two marks
            endField();
            last = Mark;
        }
    }
}

std::string Expander::text() const {
    std::string out;
    for (const Field& field : fields_) {
        if (!out.empty()) out += ' ';
        out += field.text;
    }
    if (open_) out += (fields_.empty() ? "" : " ") + current_.text;
    return out;
}

namespace {
std::string masked(const std::string& text, const std::string& mask) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (mask[i] == 'q' &&
            std::string_view("*?[]\\()|!+@-^").find(text[i]) != std::string_view::npos)
            out += '\\';
        out += text[i];
    }
    return out;
}
} // namespace

std::string Expander::pattern() const {
    std::string out;
    for (const Field& field : fields_)
        out += (out.empty() ? "" : " ") + masked(field.text, field.mask);
    if (open_) out += (fields_.empty() ? "" : " ") + masked(current_.text, current_.mask);
    return out;
}

void Expander::collect(Strings& out) {
    endField();
    for (Field& field : fields_) {
        bool wild = false;
        if (!shell_.options.noGlob)
            for (std::size_t i = 0; i < field.text.size() && !wild; ++i)
                wild = field.mask[i] == 'u' &&
                       std::string_view("*?[+@!").find(field.text[i]) != std::string_view::npos;
        if (wild) {
            const bool extglob = shell_.options.has("extglob");
            const std::string pattern = masked(field.text, field.mask);
            if (hasWildcard(pattern, extglob)) {
                GlobOptions options{extglob, shell_.options.has("dotglob"),
                                    shell_.options.has("nocaseglob"),
                                    shell_.options.has("globstar")};
                auto found = globPaths(shell_.files(), shell_.cwd, pattern, options);
                if (!found.empty()) {
                    for (std::string& path : found) out.push_back(std::move(path));
                    continue;
                }
                if (shell_.options.has("failglob")) {
                    shell_.expansionError("no match: " + field.text, 1, false);
                    return;
                }
                if (shell_.options.has("nullglob")) continue;
            }
        }
        out.push_back(std::move(field.text));
    }
}

sim::Task<void> Expander::word(const Word& word) { co_await parts(word.parts, false, true); }

sim::Task<void> Expander::parts(const std::vector<WordPart>& list, bool quoted, bool first) {
    for (const WordPart& item : list) {
        if (shell_.expansionFailed) co_return;
        if (item.kind == WordPart::Literal && !quoted) {
            literal(item, first);
        } else {
            co_await part(item, quoted);
        }
        first = false;
    }
}

// "~", "~user", "~+", "~-" at `at`; the characters used, 0 when it is no tilde prefix.
std::size_t Expander::tilde(const std::string& text, std::size_t at) {
    std::size_t end = at + 1;
    while (end < text.size() && text[end] != '/' && text[end] != ':') ++end;
    const std::string user = text.substr(at + 1, end - at - 1);
    std::string home;
    if (user.empty()) {
        home = shell_.variables.get("HOME").value_or("/root");
    } else if (user == "+") {
        home = shell_.cwd;
    } else if (user == "-") {
        const auto old = shell_.variables.get("OLDPWD");
        if (!old) return 0;
        home = *old;
    } else {
        const auto passwd = shell_.files().read("/etc/passwd");
        if (!passwd.ok()) return 0;
        bool found = false;
        for (const std::string& line : base::splitLines(*passwd)) {
            const auto fields = base::split(line, ':');
            if (fields.size() < 6 || fields[0] != user) continue;
            home = fields[5];
            found = true;
        }
        if (!found) return 0;
    }
    add(home, true);
    return end - at;
}

void Expander::literal(const WordPart& part, bool first) {
    std::size_t at = 0;
    if (first && !part.text.empty() && part.text[0] == '~') at = tilde(part.text, 0);
    if (mode_ != Mode::Text) {
        add(std::string_view(part.text).substr(at), false);
        return;
    }
    // In assignments also after a colon.
    for (std::size_t i = at; i < part.text.size();) {
        if (part.text[i] == '~' && i > 0 && part.text[i - 1] == ':')
            if (const std::size_t used = tilde(part.text, i); used > 0) {
                i += used;
                continue;
            }
        add(std::string_view(part.text).substr(i, 1), false);
        ++i;
    }
    if (part.text.empty()) add("", false);
}

sim::Task<void> Expander::part(const WordPart& part, bool quoted) {
    switch (part.kind) {
    case WordPart::Literal:
    case WordPart::Quoted: add(part.text, true); break;
    case WordPart::DoubleQuoted: co_await doubleQuoted(part); break;
    case WordPart::Parameter: co_await parameter(part, quoted); break;
    case WordPart::Command: {
        const std::string output = co_await shell_.captureOutput(part.command);
        if (quoted) {
            add(output, true);
        } else {
            addSplit(output);
        }
        break;
    }
    case WordPart::Arithmetic: {
        const std::string expression = co_await shell_.expandText(*part.argument);
        if (shell_.expansionFailed) co_return;
        bool ok = true;
        std::string error;
        const std::int64_t value = shell_.arithmetic(expression, ok, error);
        if (!ok) {
            shell_.expansionError(error, 1, false);
            co_return;
        }
        if (quoted) {
            add(std::to_string(value), true);
        } else {
            addSplit(std::to_string(value));
        }
        break;
    }
    case WordPart::ProcessIn:
    case WordPart::ProcessOut: {
        const std::string path =
            co_await shell_.processSubstitution(part.command, part.kind == WordPart::ProcessIn);
        add(path, true);
        break;
    }
    }
}

sim::Task<void> Expander::doubleQuoted(const WordPart& part) {
    // "$@" without arguments is no field at all; anything else in quotes is at least an empty one.
    const bool onlyList = part.parts.size() == 1 && part.parts[0].kind == WordPart::Parameter &&
                          (part.parts[0].text == "@" || part.parts[0].subscript != nullptr ||
                           part.parts[0].op == ParamOp::Names);
    if (!onlyList) open_ = true;
    co_await parts(part.parts, true, false);
}

Expander::Value Expander::special(const std::string& name) {
    Value value;
    value.isSet = true;
    if (name == "@" || name == "*") {
        value.isList = true;
        value.star = name == "*";
        value.items = shell_.positional;
        value.isSet = !value.items.empty();
        return value;
    }
    const auto text = shell_.parameter(name);
    value.isSet = text.has_value();
    if (text) value.items = {*text};
    return value;
}

sim::Task<Expander::Value> Expander::lookUpArray(std::string name, const Word& subscript) {
    Value value;
    shell_.refreshArray(name);
    const Variable* variable = shell_.variables.find(name);
    const std::string* plain = subscript.literal();
    if (plain != nullptr && (*plain == "@" || *plain == "*")) {
        value.isList = true;
        value.star = *plain == "*";
        if (variable != nullptr) {
            if (variable->isIndexed) {
                for (const auto& [index, text] : variable->indexed) value.items.push_back(text);
            } else if (variable->isKeyed) {
                for (const auto& [key, text] : variable->keyed) value.items.push_back(text);
            } else if (variable->isSet) {
                value.items.push_back(variable->value);
            }
        } else if (const auto text = shell_.specialVariable(name)) {
            value.items.push_back(*text);
        }
        value.isSet = !value.items.empty();
        co_return value;
    }
    const std::string key = co_await shell_.expandText(subscript);
    if (variable == nullptr) co_return value;
    if (variable->isKeyed) {
        const auto found = variable->keyed.find(key);
        value.isSet = found != variable->keyed.end();
        if (value.isSet) value.items = {found->second};
        co_return value;
    }
    bool ok = true;
    std::string error;
    std::int64_t index = shell_.arithmetic(key, ok, error);
    if (!ok) {
        shell_.expansionError(error, 1, false);
        co_return value;
    }
    if (!variable->isIndexed) {
        if (index == 0 || index == -1) {
            value.isSet = variable->isSet;
            if (value.isSet) value.items = {variable->value};
        }
        co_return value;
    }
    if (index < 0 && !variable->indexed.empty()) index += variable->indexed.rbegin()->first + 1;
    if (index < 0) {
        shell_.expansionError(name + ": bad array subscript", 1, false);
        co_return value;
    }
    const auto found = variable->indexed.find(index);
    value.isSet = found != variable->indexed.end();
    if (value.isSet) value.items = {found->second};
    co_return value;
}

sim::Task<Expander::Value> Expander::lookUp(const WordPart& part, std::string name) {
    if (part.subscript != nullptr) {
        Value value = co_await lookUpArray(name, *part.subscript);
        co_return value;
    }
    Value value = special(name);
    co_return value;
}

sim::Task<Expander::Value> Expander::indirect(const WordPart& part) {
    Value holder = co_await lookUp(part, part.text);
    std::string target = holder.text();
    // A reference gives the name it refers to.
    Value value;
    if (!holder.isSet || target.empty()) {
        if (!holder.isSet)
            shell_.expansionError(part.text + ": invalid indirect expansion", 1, false);
        co_return value;
    }
    const std::size_t open = target.find('[');
    if (open != std::string::npos && target.back() == ']') {
        const Word subscript = Parser::parseOneWord(
            std::string_view(target).substr(open + 1, target.size() - open - 2), 0);
        value = co_await lookUpArray(target.substr(0, open), subscript);
        co_return value;
    }
    if (!isName(target) && target.find_first_not_of("0123456789") != std::string::npos &&
        target.size() > 1) {
        shell_.expansionError(target + ": invalid variable name", 1, false);
        co_return value;
    }
    co_return special(target);
}

void Expander::emitList(const Strings& items, bool star, bool quoted) {
    if (quoted && star) {
        open_ = true;
        add(base::join(items, separator()), true);
        return;
    }
    if (mode_ != Mode::Words) {
        add(base::join(items, " "), quoted);
        return;
    }
    bool first = true;
    for (const std::string& item : items) {
        if (!first) endField();
        first = false;
        if (quoted) {
            open_ = true;
            add(item, true);
        } else {
            addSplit(item);
        }
    }
}

void Expander::emit(const Value& value, bool quoted) {
    if (value.isList) {
        emitList(value.items, value.star, quoted);
    } else if (quoted) {
        add(value.items.empty() ? std::string_view() : std::string_view(value.items[0]), true);
    } else if (!value.items.empty()) {
        addSplit(value.items[0]);
    }
}

// The word of ${x:-word}; its unquoted parts are split like an expansion.
sim::Task<void> Expander::useWord(const WordPart& part, bool quoted) {
    if (!part.argument) co_return;
    for (const WordPart& item : part.argument->parts) {
        if (item.kind == WordPart::Literal && !quoted) {
            std::size_t at = 0;
            if (&item == &part.argument->parts.front() && !item.text.empty() && item.text[0] == '~')
                at = tilde(item.text, 0);
            addSplit(std::string_view(item.text).substr(at));
        } else {
            co_await this->part(item, quoted);
        }
    }
}

sim::Task<void> Expander::assignDefault(const WordPart& part, std::string name, bool quoted) {
    const std::string text = co_await shell_.expandText(*part.argument);
    if (!isName(name)) {
        shell_.expansionError("$" + name + ": cannot assign in this way", 1, false);
        co_return;
    }
    bool stored;
    if (part.subscript != nullptr) {
        const std::string subscript = co_await shell_.expandText(*part.subscript);
        stored = shell_.assignElement(name, subscript, text, false);
    } else {
        stored = shell_.assign(name, text);
    }
    if (!stored) {
        shell_.expansionError(shell_.error, 1, false);
        co_return;
    }
    Value value;
    value.items = {text};
    emit(value, quoted);
}

sim::Task<void> Expander::failUnset(const WordPart& part, const Value& value) {
    std::string message = co_await shell_.expandText(*part.argument);
    if (message.empty())
        message = value.isSet || part.colon ? "parameter null or not set" : "parameter not set";
    std::string shown = part.text;
    if (part.subscript != nullptr && part.subscript->literal() != nullptr)
        shown += "[" + *part.subscript->literal() + "]";
    shell_.expansionError(shown + ": " + message, 127, true);
}

sim::Task<void> Expander::parameter(const WordPart& part, bool quoted) {
    if (part.op == ParamOp::Bad) {
        shell_.expansionError(part.text + ": bad substitution", 1, false);
        co_return;
    }
    if (part.op == ParamOp::Names) {
        Strings names;
        for (const std::string& name : shell_.variables.names())
            if (name.compare(0, part.text.size(), part.text) == 0) names.push_back(name);
        emitList(names, part.anchor == '*', quoted);
        co_return;
    }
    if (part.op == ParamOp::Keys) {
        Strings keys;
        if (const Variable* variable = shell_.variables.find(part.text)) {
            for (const auto& [index, text] : variable->indexed)
                keys.push_back(std::to_string(index));
            for (const auto& [key, text] : variable->keyed) keys.push_back(key);
            if (!variable->isArray() && variable->isSet) keys.push_back("0");
        }
        emitList(keys, *part.subscript->literal() == "*", quoted);
        co_return;
    }
    Value value;
    if (part.indirect) {
        value = co_await indirect(part);
    } else {
        value = co_await lookUp(part, part.text);
    }
    if (shell_.expansionFailed) co_return;
    const bool null =
        !value.isSet || (part.colon && (value.items.empty() ||
                                        (value.items.size() == 1 && value.items[0].empty())));
    switch (part.op) {
    case ParamOp::Default:
        if (null) {
            co_await useWord(part, quoted);
            co_return;
        }
        emit(value, quoted);
        co_return;
    case ParamOp::Alternative:
        if (!null) co_await useWord(part, quoted);
        co_return;
    case ParamOp::Assign:
        if (null) {
            co_await assignDefault(part, part.text, quoted);
            co_return;
        }
        emit(value, quoted);
        co_return;
    case ParamOp::Error:
        if (null) {
            co_await failUnset(part, value);
            co_return;
        }
        emit(value, quoted);
        co_return;
    default: break;
    }
    if (!value.isSet && shell_.options.noUnset && !(value.isList)) {
        std::string shown = part.text;
        if (part.subscript != nullptr && part.subscript->literal() != nullptr)
            shown += "[" + *part.subscript->literal() + "]";
        shell_.expansionError(shown + ": unbound variable", 127, true);
        co_return;
    }
    if (part.op == ParamOp::None) {
        emit(value, quoted);
        co_return;
    }
    co_await transformed(part, std::move(value), quoted);
}

// Entry points.
sim::Task<Strings> Shell::expandWords(const std::vector<Word>& words) {
    Strings out;
    for (const Word& word : words) {
        const std::string* plain = word.literal();
        if (plain != nullptr && !plain->empty() &&
            plain->find_first_of("~*?[+@!") == std::string::npos) {
            out.push_back(*plain);
            continue;
        }
        Expander expander(*this, Expander::Mode::Words);
        co_await expander.word(word);
        if (expansionFailed) break;
        expander.collect(out);
    }
    co_return out;
}

sim::Task<std::string> Shell::expandText(const Word& word) {
    const std::string* plain = word.literal();
    if (plain != nullptr && plain->find('~') == std::string::npos) co_return *plain;
    Expander expander(*this, Expander::Mode::Text);
    co_await expander.word(word);
    co_return expander.text();
}

sim::Task<std::string> Shell::expandPattern(const Word& word) {
    Expander expander(*this, Expander::Mode::Pattern);
    co_await expander.word(word);
    co_return expander.pattern();
}

} // namespace shell
