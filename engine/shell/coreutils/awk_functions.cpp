// awk: print, printf, getline and the built-in functions.

#include "base/strings.h"
#include "shell/coreutils/awk_interpreter.h"
#include "shell/parser.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace shell::awk {

void Awk::print(const Node& node) {
    std::size_t from = node.redirect != 0 ? 1 : 0;
    std::string text;
    if (node.text == "printf") {
        std::vector<Value> values;
        for (std::size_t i = from; i < node.kids.size(); ++i)
            values.push_back(evaluate(*node.kids[i]));
        if (values.empty()) return;
        text = format(values);
    } else if (node.kids.size() == from) {
        text = record() + textOf(globals_["ORS"]);
    } else {
        for (std::size_t i = from; i < node.kids.size(); ++i)
            text += (i > from ? textOf(globals_["OFS"]) : "") + outputText(evaluate(*node.kids[i]));
        text += textOf(globals_["ORS"]);
    }
    std::string target;
    if (node.redirect != 0) target = textOf(evaluate(*node.kids[0]));
    if (request_ || !problem_.empty()) return;
    if (node.redirect == 0 || target == "/dev/stdout" || target == "-") {
        out_ << text;
    } else if (target == "/dev/stderr") {
        errors_.push_back(std::move(text));
    } else if (node.redirect == '|') {
        pipes_[target] += text;
    } else {
        const std::string path = process_.resolve(target);
        if (node.redirect == '>' && opened_.insert(target).second)
            (void)process_.files().write(path, "");
        opened_.insert(target);
        const auto written = process_.files().append(path, text);
        if (!written.ok()) problem("cannot open \"" + target + "\" for output");
    }
}

std::string Awk::format(const std::vector<Value>& values) {
    const std::string spec = textOf(values[0]);
    std::string out;
    std::size_t next = 1;
    auto take = [&]() -> Value { return next < values.size() ? values[next++] : Value{}; };
    for (std::size_t i = 0; i < spec.size(); ++i) {
        if (spec[i] != '%' || i + 1 >= spec.size()) {
            out += spec[i];
            continue;
        }
        if (spec[i + 1] == '%') {
            out += '%';
            ++i;
            continue;
        }
        std::string form = "%";
        ++i;
        while (i < spec.size() && std::string_view("-+ #0").find(spec[i]) != std::string_view::npos)
            form += spec[i++];
        auto count = [&] {
            if (i < spec.size() && spec[i] == '*') {
                ++i;
                form += std::to_string(std::clamp(static_cast<int>(toNumber(take())), -4000, 4000));
                return;
            }
            int value = 0;
            bool any = false;
            while (i < spec.size() && std::isdigit(static_cast<unsigned char>(spec[i])))
                value = std::min(value * 10 + (spec[i++] - '0'), 4000), any = true;
            if (any) form += std::to_string(value);
        };
        count();
        if (i < spec.size() && spec[i] == '.') {
            form += spec[i++];
            count();
        }
        while (i < spec.size() && (spec[i] == 'l' || spec[i] == 'h')) ++i;
        if (i >= spec.size()) break;
        char buffer[8300];
        const char kind = spec[i];
        if (kind == 'd' || kind == 'i' || kind == 'o' || kind == 'x' || kind == 'X' ||
            kind == 'u') {
            const double number = toNumber(take());
            std::snprintf(buffer, sizeof buffer, (form + "ll" + kind).c_str(),
                          static_cast<long long>(std::clamp(number, -9.2e18, 9.2e18)));
            out += buffer;
        } else if (std::string_view("eEfFgG").find(kind) != std::string_view::npos) {
            std::snprintf(buffer, sizeof buffer, (form + kind).c_str(), toNumber(take()));
            out += buffer;
        } else if (kind == 'c') {
            const Value value = take();
            std::string text =
                value.kind == Value::Number
                    ? std::string(1, static_cast<char>(static_cast<int>(value.number)))
                    : textOf(value).substr(0, 1);
            std::snprintf(buffer, sizeof buffer, (form + "s").c_str(), text.c_str());
            out += buffer;
        } else if (kind == 's') {
            const std::string text = textOf(take());
            if (form == "%") {
                out += text;
            } else {
                std::string shown = text.substr(0, 4000);
                std::snprintf(buffer, sizeof buffer, (form + "s").c_str(), shown.c_str());
                out += buffer;
            }
        } else {
            out += form + kind;
        }
    }
    return out;
}

std::optional<std::string> Awk::answer(Request::Kind kind, const std::string& text) {
    if (answerAt_ < answers_.size()) return answers_[answerAt_++];
    request_ = Request{kind, text};
    return std::nullopt;
}

Value Awk::getLine(const Node& node) {
    std::string line;
    const std::size_t targetAt = node.redirect != 0 ? 1 : 0;
    const Node* target = node.kids.size() > targetAt ? node.kids[targetAt].get() : nullptr;
    double result = 0;
    if (node.redirect == '|') {
        const std::string text = textOf(evaluate(*node.kids[0]));
        if (request_) return {};
        const auto found = commands_.find(text);
        if (found == commands_.end()) {
            request_ = Request{Request::Command, text};
            return {};
        }
        result = found->second.take(line) ? 1 : 0;
        if (result > 0) globals_["NR"] = Value::of(toNumber(globals_["NR"]) + 1);
    } else if (node.redirect == '<') {
        const std::string path = textOf(evaluate(*node.kids[0]));
        if (request_) return {};
        auto found = inputs_.find(path);
        if (found == inputs_.end()) {
            auto content = process_.files().read(process_.resolve(path));
            if (!content.ok()) return Value::of(-1.0);
            found = inputs_.emplace(path, Stream{std::move(*content), 0}).first;
        }
        result = found->second.take(line) ? 1 : 0;
    } else {
        const auto got = answer(Request::MainLine, {});
        if (!got) return {};
        result = (*got)[0] == '1' ? 1 : 0;
        line = got->substr(1);
    }
    if (result > 0) {
        if (target != nullptr)
            assign(*target, fromInput(line));
        else
            setRecord(line);
    }
    return Value::of(result);
}

Value Awk::substituteIn(const Node& node, bool all) {
    const auto regex = regexOf(*node.kids[0]);
    const std::string replacement = textOf(evaluate(*node.kids[1]));
    const Node record(Op::Field);
    std::string text = node.kids.size() > 2 ? textOf(evaluate(*node.kids[2])) : this->record();
    std::string out;
    std::size_t at = 0, copied = 0;
    int count = 0;
    std::size_t lastEnd = std::string::npos;
    RegexMatch match;
    while (at <= text.size() && regex->search(text, at, match)) {
        const auto begin = static_cast<std::size_t>(match.begin()),
                   end = static_cast<std::size_t>(match.end());
        if (begin == end && begin == lastEnd) {
            at = begin + 1;
            lastEnd = std::string::npos;
            continue;
        }
        out += text.substr(copied, begin - copied);
        for (std::size_t i = 0; i < replacement.size(); ++i) {
            if (replacement[i] == '\\' && i + 1 < replacement.size() &&
                (replacement[i + 1] == '&' || replacement[i + 1] == '\\'))
                out += replacement[++i];
            else if (replacement[i] == '&')
                out += text.substr(begin, end - begin);
            else
                out += replacement[i];
        }
        copied = lastEnd = end;
        ++count;
        at = end > begin ? end : end + 1;
        if (!all) break;
    }
    if (count > 0 && !request_) {
        if (copied <= text.size()) out += text.substr(copied);
        if (node.kids.size() > 2)
            assign(*node.kids[2], Value::of(std::move(out)));
        else
            setRecord(out);
    }
    return Value::of(static_cast<double>(count));
}

Value Awk::builtin(const Node& node) {
    const std::string& name = node.text;
    auto argument = [&](std::size_t i) {
        return i < node.kids.size() ? evaluate(*node.kids[i]) : Value{};
    };
    if (name == "length") {
        if (node.kids.empty()) return Value::of(static_cast<double>(record().size()));
        const Node& only = *node.kids[0];
        if (only.op == Op::Variable) {
            const bool localArray =
                only.slot >= 0 && !frames_.empty() &&
                frames_.back()[static_cast<std::size_t>(only.slot)].array &&
                frames_.back()[static_cast<std::size_t>(only.slot)].value.kind == Value::Unset;
            if (localArray || (only.slot < 0 && arrays_.count(only.text) > 0))
                return Value::of(static_cast<double>(array(only.text, only.slot).size()));
        }
        return Value::of(static_cast<double>(textOf(argument(0)).size()));
    }
    if (name == "substr") {
        const std::string text = textOf(argument(0));
        double start = std::nearbyint(toNumber(argument(1)));
        double length = node.kids.size() > 2 ? std::nearbyint(toNumber(argument(2))) : 1e9;
        if (start < 1) {
            length += start - 1;
            start = 1;
        }
        if (length <= 0 || start > static_cast<double>(text.size()))
            return Value::of(std::string());
        return Value::of(text.substr(static_cast<std::size_t>(start) - 1,
                                     static_cast<std::size_t>(std::min(length, 1e9))));
    }
    if (name == "index") {
        const std::size_t at = textOf(argument(0)).find(textOf(argument(1)));
        return Value::of(at == std::string::npos ? 0.0 : static_cast<double>(at + 1));
    }
    if (name == "split") {
        const std::string text = textOf(argument(0));
        Strings parts;
        if (node.kids.size() > 2 && node.kids[2]->op == Op::Regexp)
            parts = splitBy(text, node.kids[2]->text.size() == 1 ? "(" + node.kids[2]->text + ")"
                                                                 : node.kids[2]->text);
        else
            parts =
                splitBy(text, node.kids.size() > 2 ? textOf(argument(2)) : textOf(globals_["FS"]));
        if (node.kids.size() < 2 || request_) return {};
        Array& target = array(node.kids[1]->text, node.kids[1]->slot);
        target.clear();
        for (std::size_t i = 0; i < parts.size(); ++i)
            target[std::to_string(i + 1)] = fromInput(parts[i]);
        return Value::of(static_cast<double>(parts.size()));
    }
    if (name == "sub" || name == "gsub")
        return node.kids.size() < 2 ? Value{} : substituteIn(node, name == "gsub");
    if (name == "gensub") {
        const auto regex = regexOf(*node.kids[0]);
        const std::string replacement = textOf(argument(1)), how = textOf(argument(2));
        const std::string text = node.kids.size() > 3 ? textOf(argument(3)) : record();
        std::string out;
        std::size_t at = 0;
        int count = 0;
        const int wanted = static_cast<int>(base::parseInt(how).value_or(0));
        RegexMatch match;
        while (at < text.size() && regex->search(text, at, match) && match.end() > match.begin()) {
            ++count;
            out += text.substr(at, static_cast<std::size_t>(match.begin()) - at);
            const bool replace = wanted == 0 || count == wanted;
            out += replace ? substitute(replacement, text, match)
                           : text.substr(static_cast<std::size_t>(match.begin()),
                                         static_cast<std::size_t>(match.end() - match.begin()));
            at = static_cast<std::size_t>(match.end());
        }
        return Value::of(out + text.substr(std::min(at, text.size())));
    }
    if (name == "match") {
        const std::string text = textOf(argument(0));
        RegexMatch match;
        const bool found = node.kids.size() > 1 && regexOf(*node.kids[1])->search(text, 0, match);
        globals_["RSTART"] = Value::of(found ? match.begin() + 1.0 : 0.0);
        globals_["RLENGTH"] =
            Value::of(found ? static_cast<double>(match.end() - match.begin()) : -1.0);
        return globals_["RSTART"];
    }
    if (name == "sprintf") {
        std::vector<Value> values;
        for (const NodePtr& kid : node.kids) values.push_back(evaluate(*kid));
        return values.empty() ? Value{} : Value::of(format(values));
    }
    if (name == "tolower") return Value::of(base::toLower(textOf(argument(0))));
    if (name == "toupper") return Value::of(base::toUpper(textOf(argument(0))));
    if (name == "int") return Value::of(std::trunc(toNumber(argument(0))));
    if (name == "sqrt") return Value::of(std::sqrt(toNumber(argument(0))));
    if (name == "exp") return Value::of(std::exp(toNumber(argument(0))));
    if (name == "log") return Value::of(std::log(toNumber(argument(0))));
    if (name == "sin") return Value::of(std::sin(toNumber(argument(0))));
    if (name == "cos") return Value::of(std::cos(toNumber(argument(0))));
    if (name == "atan2") return Value::of(std::atan2(toNumber(argument(0)), toNumber(argument(1))));
    if (name == "rand") return Value::of(process_.kernel().random("shell/awk").unit());
    if (name == "srand") return Value::of(0.0);
    if (name == "systime")
        return Value::of(static_cast<double>(process_.kernel().unixNow() / sim::kSecond));
    if (name == "strftime")
        return Value::of(strftimeUtc(
            node.kids.empty() ? "%c" : textOf(argument(0)),
            node.kids.size() > 1 ? static_cast<std::int64_t>(toNumber(argument(1))) * sim::kSecond
                                 : process_.kernel().unixNow()));
    if (name == "mktime") return Value::of(0.0);
    if (name == "fflush") return Value::of(0.0);
    if (name == "system") {
        const std::string text = textOf(argument(0));
        if (request_) return {};
        const auto got = answer(Request::System, text);
        return got ? Value::of(static_cast<double>(base::parseInt(*got).value_or(0))) : Value{};
    }
    if (name == "close") {
        const std::string text = textOf(argument(0));
        if (request_) return {};
        if (pipes_.count(text) > 0 || answerAt_ < answers_.size()) {
            const auto got = answer(Request::Close, text);
            return got ? Value::of(static_cast<double>(base::parseInt(*got).value_or(0))) : Value{};
        }
        const bool known = commands_.erase(text) + inputs_.erase(text) + opened_.erase(text) > 0;
        return Value::of(known ? 0.0 : -1.0);
    }
    return {};
}

} // namespace shell::awk
