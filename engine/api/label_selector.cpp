#include "api/label_selector.h"

#include "api/names.h"
#include "base/strings.h"

#include <algorithm>

namespace api {
namespace {

using document::Value;
using Operator = Requirement::Op;

enum class Token {
    Error,
    End,
    Identifier,
    Comma,
    Open,
    Close,
    Not,
    In,
    NotIn,
    Equals,
    DoubleEquals,
    NotEquals,
    Greater,
    Less
};

struct Lexeme {
    Token token;
    std::string text;
};

bool isSpecial(char c) { return std::string_view("=!(),><").find(c) != std::string_view::npos; }
bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

Token symbolToken(std::string_view text) {
    if (text == ")") return Token::Close;
    if (text == ",") return Token::Comma;
    if (text == "!") return Token::Not;
    if (text == "==") return Token::DoubleEquals;
    if (text == "=") return Token::Equals;
    if (text == ">") return Token::Greater;
    if (text == "<") return Token::Less;
    if (text == "!=") return Token::NotEquals;
    if (text == "(") return Token::Open;
    return Token::Error;
}

std::vector<Lexeme> scan(std::string_view text) {
    std::vector<Lexeme> lexemes;
    std::size_t at = 0;
    while (true) {
        while (at < text.size() && isBlank(text[at])) ++at;
        if (at >= text.size()) break;
        const std::size_t start = at;
        if (!isSpecial(text[at])) {
            while (at < text.size() && !isSpecial(text[at]) && !isBlank(text[at])) ++at;
            const std::string word(text.substr(start, at - start));
            const Token token = word == "in"      ? Token::In
                                : word == "notin" ? Token::NotIn
                                                  : Token::Identifier;
            lexemes.push_back({token, word});
            continue;
        }
        // The longest known symbol wins.
        std::size_t length = 1;
        if (at + 1 < text.size() && symbolToken(text.substr(at, 2)) != Token::Error) length = 2;
        const std::string symbol(text.substr(start, length));
        lexemes.push_back({symbolToken(symbol), symbol});
        at += length;
    }
    lexemes.push_back({Token::End, ""});
    return lexemes;
}

std::string joinProblems(const Problems& problems) { return base::join(problems, "; "); }

base::Result<Requirement> makeRequirement(std::string key, Operator op,
                                          std::vector<std::string> values) {
    std::vector<std::string> problems;
    const auto add = [&](const std::string& field, const std::string& value,
                         const std::string& text) {
        problems.push_back(field + ": Invalid value: " + value + ": " + text);
    };
    if (const Problems wrong = checkLabelKey(key); !wrong.empty())
        add("key", base::quoteGo(key), joinProblems(wrong));
    switch (op) {
    case Operator::In:
    case Operator::NotIn:
        if (values.empty())
            add("values", "[]", "for 'in', 'notin' operators, values set can't be empty");
        break;
    case Operator::Gt:
    case Operator::Lt:
        for (std::size_t i = 0; i < values.size(); ++i)
            if (!base::parseInt(values[i]))
                add("values[" + std::to_string(i) + "]", base::quoteGo(values[i]),
                    "for 'Gt', 'Lt' operators, the value must be an integer");
        break;
    default: break;
    }
    for (std::size_t i = 0; i < values.size(); ++i)
        if (const Problems wrong = checkLabelValue(values[i]); !wrong.empty())
            add("values[" + std::to_string(i) + "][" + key + "]", base::quoteGo(values[i]),
                joinProblems(wrong));
    if (problems.size() == 1) return base::makeError(problems[0]);
    if (!problems.empty()) return base::makeError("[" + base::join(problems, ", ") + "]");
    std::sort(values.begin(), values.end());
    return Requirement{std::move(key), op, std::move(values)};
}

class Parser {
public:
    explicit Parser(std::string_view text) : lexemes_(scan(text)) {}

    base::Result<std::vector<Requirement>> parse() {
        std::vector<Requirement> requirements;
        while (true) {
            const Lexeme& next = peek(true);
            if (next.token == Token::End) return requirements;
            if (next.token != Token::Identifier && next.token != Token::Not)
                return base::makeError("found '" + next.text +
                                       "', expected: !, identifier, or 'end of string'");
            auto requirement = parseRequirement();
            if (!requirement.ok())
                return base::makeError("unable to parse requirement: " +
                                       requirement.error().message);
            requirements.push_back(std::move(requirement).value());
            const Lexeme after = take(true);
            if (after.token == Token::End) return requirements;
            if (after.token != Token::Comma)
                return base::makeError("found '" + after.text +
                                       "', expected: ',' or 'end of string'");
            const Lexeme& following = peek(true);
            if (following.token != Token::Identifier && following.token != Token::Not)
                return base::makeError("found '" + following.text +
                                       "', expected: identifier after ','");
        }
    }

private:
    // In a place for values, `in` and `notin` are plain words.
    Lexeme peek(bool values) const {
        Lexeme lexeme = lexemes_[std::min(at_, lexemes_.size() - 1)];
        if (values && (lexeme.token == Token::In || lexeme.token == Token::NotIn))
            lexeme.token = Token::Identifier;
        return lexeme;
    }
    Lexeme take(bool values) {
        Lexeme lexeme = peek(values);
        ++at_;
        return lexeme;
    }

    base::Result<Requirement> parseRequirement() {
        Lexeme key = take(true);
        const bool negated = key.token == Token::Not;
        if (negated) key = take(true);
        if (key.token != Token::Identifier)
            return base::makeError("found '" + key.text + "', expected: identifier");
        if (const Problems wrong = checkLabelKey(key.text); !wrong.empty())
            return base::makeError("<nil>: Invalid value: " + base::quoteGo(key.text) + ": " +
                                   joinProblems(wrong));
        const Token next = peek(true).token;
        if (negated) return makeRequirement(key.text, Operator::DoesNotExist, {});
        if (next == Token::End || next == Token::Comma)
            return makeRequirement(key.text, Operator::Exists, {});
        const Lexeme op = take(false);
        Operator meaning;
        switch (op.token) {
        case Token::In: meaning = Operator::In; break;
        case Token::NotIn: meaning = Operator::NotIn; break;
        case Token::Equals: meaning = Operator::Equals; break;
        case Token::DoubleEquals: meaning = Operator::DoubleEquals; break;
        case Token::NotEquals: meaning = Operator::NotEquals; break;
        case Token::Greater: meaning = Operator::Gt; break;
        case Token::Less: meaning = Operator::Lt; break;
        default:
            return base::makeError("found '" + op.text +
                                   "', expected: in, notin, =, ==, !=, gt, lt");
        }
        std::vector<std::string> values;
        if (meaning == Operator::In || meaning == Operator::NotIn) {
            BASE_TRY(values, parseValues());
        } else {
            BASE_TRY(values, parseExactValue());
        }
        return makeRequirement(key.text, meaning, std::move(values));
    }
    base::Result<std::vector<std::string>> parseExactValue() {
        const Token next = peek(true).token;
        if (next == Token::End || next == Token::Comma) return std::vector<std::string>{""};
        const Lexeme value = take(true);
        if (value.token == Token::Identifier) return std::vector<std::string>{value.text};
        return base::makeError("found '" + value.text + "', expected: identifier");
    }
    static void insert(std::vector<std::string>& values, const std::string& text) {
        if (std::find(values.begin(), values.end(), text) == values.end()) values.push_back(text);
    }
    base::Result<std::vector<std::string>> parseValues() {
        const Lexeme open = take(true);
        if (open.token != Token::Open)
            return base::makeError("found '" + open.text + "' expected: '('");
        const Lexeme first = peek(true);
        if (first.token == Token::Close) {
            take(true);
            return std::vector<std::string>{""};
        }
        if (first.token != Token::Identifier && first.token != Token::Comma)
            return base::makeError("found '" + first.text + "', expected: ',', ')' or identifier");
        BASE_TRY(std::vector<std::string> values, parseList());
        if (take(true).token != Token::Close)
            return base::makeError("found '" + first.text + "', expected: ')'");
        return values;
    }
    base::Result<std::vector<std::string>> parseList() {
        std::vector<std::string> values;
        while (true) {
            const Lexeme next = take(true);
            if (next.token == Token::Identifier) {
                insert(values, next.text);
                const Lexeme after = peek(true);
                if (after.token == Token::Comma) continue;
                if (after.token == Token::Close) return values;
                return base::makeError("found '" + after.text + "', expected: ',' or ')'");
            }
            if (next.token != Token::Comma)
                return base::makeError("found '" + next.text + "', expected: ',', or identifier");
            if (values.empty()) insert(values, "");
            const Token after = peek(true).token;
            if (after == Token::Close) {
                insert(values, "");
                return values;
            }
            if (after == Token::Comma) insert(values, "");
        }
    }

    std::vector<Lexeme> lexemes_;
    std::size_t at_ = 0;
};

void sortByKey(std::vector<Requirement>& requirements) {
    std::stable_sort(requirements.begin(), requirements.end(),
                     [](const Requirement& a, const Requirement& b) { return a.key < b.key; });
}

} // namespace

bool Requirement::matches(const Value& labels) const {
    const bool has = labels.has(key);
    const std::string_view value = labels[key].asString();
    const bool found = has && std::find(values.begin(), values.end(), value) != values.end();
    switch (op) {
    case Operator::In:
    case Operator::Equals:
    case Operator::DoubleEquals: return found;
    case Operator::NotIn:
    case Operator::NotEquals: return !found;
    case Operator::Exists: return has;
    case Operator::DoesNotExist: return !has;
    case Operator::Gt:
    case Operator::Lt: {
        const auto left = base::parseInt(value);
        const auto right = values.size() == 1 ? base::parseInt(values[0]) : std::nullopt;
        if (!has || !left || !right) return false;
        return op == Operator::Gt ? *left > *right : *left < *right;
    }
    }
    return false;
}

std::string Requirement::text() const {
    const std::string joined = base::join(values, ",");
    switch (op) {
    case Operator::DoesNotExist: return "!" + key;
    case Operator::Exists: return key;
    case Operator::Equals: return key + "=" + joined;
    case Operator::DoubleEquals: return key + "==" + joined;
    case Operator::NotEquals: return key + "!=" + joined;
    case Operator::In: return key + " in (" + joined + ")";
    case Operator::NotIn: return key + " notin (" + joined + ")";
    case Operator::Gt: return key + ">" + joined;
    case Operator::Lt: return key + "<" + joined;
    }
    return key;
}

base::Result<LabelSelector> LabelSelector::parse(std::string_view text) {
    LabelSelector selector;
    BASE_TRY(selector.requirements_, Parser(text).parse());
    sortByKey(selector.requirements_);
    return selector;
}

base::Result<LabelSelector> LabelSelector::fromObject(const Value& object) {
    if (object.isNull()) return nothing();
    LabelSelector selector;
    for (const document::Member& label : object["matchLabels"].members()) {
        BASE_TRY(Requirement requirement,
                 makeRequirement(label.key.text(), Operator::Equals, {label.value.text()}));
        selector.requirements_.push_back(std::move(requirement));
    }
    for (const Value& expression : object["matchExpressions"].items()) {
        const std::string name = expression["operator"].text();
        Operator op = Operator::Exists;
        if (name == "In")
            op = Operator::In;
        else if (name == "NotIn")
            op = Operator::NotIn;
        else if (name == "DoesNotExist")
            op = Operator::DoesNotExist;
        else if (name != "Exists")
            return base::makeError(base::quoteGo(name) + " is not a valid label selector operator");
        std::vector<std::string> values;
        for (const Value& value : expression["values"].items()) values.push_back(value.text());
        if (!values.empty() && (op == Operator::Exists || op == Operator::DoesNotExist))
            return base::makeError(
                "values: Invalid value: values set must be empty for exists and does "
                "not exist");
        BASE_TRY(Requirement requirement,
                 makeRequirement(expression["key"].text(), op, std::move(values)));
        selector.requirements_.push_back(std::move(requirement));
    }
    sortByKey(selector.requirements_);
    return selector;
}

LabelSelector LabelSelector::fromMap(const Value& labels) {
    if (labels.isNull()) return nothing();
    LabelSelector selector;
    for (const document::Member& label : labels.members())
        selector.requirements_.push_back(
            {label.key.text(), Operator::Equals, {label.value.text()}});
    return selector;
}

LabelSelector LabelSelector::nothing() {
    LabelSelector selector;
    selector.nothing_ = true;
    return selector;
}

bool LabelSelector::matches(const Value& labels) const {
    if (nothing_) return false;
    for (const Requirement& requirement : requirements_)
        if (!requirement.matches(labels)) return false;
    return true;
}

std::string LabelSelector::text() const {
    std::vector<std::string> parts;
    for (const Requirement& requirement : requirements_) parts.push_back(requirement.text());
    return base::join(parts, ",");
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
    out.op = op == "In"             ? Operator::In
             : op == "NotIn"        ? Operator::NotIn
             : op == "DoesNotExist" ? Operator::DoesNotExist
             : op == "Gt"           ? Operator::Gt
             : op == "Lt"           ? Operator::Lt
                                    : Operator::Exists;
    for (const document::Value& value : expression["values"].items())
        out.values.push_back(value.text());
    return out;
}

} // namespace api
