#pragma once
// Expansion of one word (or one text) into fields.
// Source: POSIX.1-2017 2.6 Word Expansions; Bash Reference Manual, Shell Expansions.

#include "shell/shell.h"

namespace shell {

class Expander {
public:
    enum class Mode { Words, Text, Pattern };
    Expander(Shell& shell, Mode mode);

    sim::Task<void> word(const Word& word);
    // Mode::Words: the fields after globbing.
    void collect(Strings& out);
    std::string text() const;    // Mode::Text
    std::string pattern() const; // Mode::Pattern

private:
    struct Field {
        std::string text;
        std::string mask; // 'q' for quoted characters, 'u' for others
    };
    // What a parameter stands for before its operator is applied.
    struct Value {
        bool isSet = false, isList = false, star = false;
        Strings items;
        std::string text() const;
    };

    sim::Task<void> parts(const std::vector<WordPart>& parts, bool quoted, bool first);
    sim::Task<void> part(const WordPart& part, bool quoted);
    sim::Task<void> doubleQuoted(const WordPart& part);
    sim::Task<void> parameter(const WordPart& part, bool quoted);
    sim::Task<Value> lookUp(const WordPart& part, std::string name);
    sim::Task<Value> lookUpArray(std::string name, const Word& subscript);
    sim::Task<Value> indirect(const WordPart& part);
    sim::Task<void> useWord(const WordPart& part, bool quoted);
    sim::Task<void> assignDefault(const WordPart& part, std::string name, bool quoted);
    sim::Task<void> failUnset(const WordPart& part, const Value& value);
    sim::Task<void> transformed(const WordPart& part, Value value, bool quoted);
    sim::Task<bool> substring(const WordPart& part, Value& value);
    sim::Task<void> replaceAll(const WordPart& part, Value& value);
    void emit(const Value& value, bool quoted);
    void emitList(const Strings& items, bool star, bool quoted);
    void literal(const WordPart& part, bool first);
    std::size_t tilde(const std::string& text, std::size_t at);
    void add(std::string_view text, bool quoted);
    void addSplit(std::string_view text);
    void endField();
    std::string separator() const;
    Value special(const std::string& name);

    Shell& shell_;
    Mode mode_;
    std::vector<Field> fields_;
    Field current_;
    bool open_ = false;
};

} // namespace shell
