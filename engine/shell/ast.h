#pragma once
// What the parser makes of shell text. Nodes are immutable once parsed and shared between a shell
// and its subshells.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace shell {

struct List;
struct Word;
using ListPtr = std::shared_ptr<const List>;
using WordPtr = std::shared_ptr<const Word>;

// Forms of ${name...}.
enum class ParamOp : std::uint8_t {
    None,
    Length,       // ${#name}
    Default,      // ${name-word}; `colon` for :-
    Assign,       // =
    Error,        // ?
    Alternative,  // +
    RemovePrefix, // #; `longest` for ##
    RemoveSuffix, // %
    Replace,      // /; `anchor` '/' for all, '#', '%'
    UpperCase,    // ^; `longest` for ^^
    LowerCase,    // ,
    Substring,    // :offset:length
    Transform,    // @Q and friends; `anchor` is the letter
    Names,        // ${!prefix*}; `anchor` '*' or '@'
    Keys,         // ${!name[@]}
    Bad           // kept for the error when it is expanded
};

struct WordPart {
    enum Kind : std::uint8_t {
        Literal,      // as typed; may hold glob characters and a tilde
        Quoted,       // '...', \x, $'...'
        DoubleQuoted, // parts
        Parameter,
        Command,    // $(...), `...`
        Arithmetic, // $((...)): argument
        ProcessIn,  // <(...)
        ProcessOut  // >(...)
    };
    Kind kind = Literal;
    std::string text{}; // literal text, parameter name, source of a bad substitution
    std::vector<WordPart> parts{};
    ParamOp op = ParamOp::None;
    bool indirect = false, colon = false, longest = false;
    char anchor = 0;
    WordPtr subscript{}, argument{}, argument2{};
    ListPtr command{};
};

struct Assignment;
struct Word {
    std::vector<WordPart> parts;
    int line = 0;
    std::shared_ptr<const Assignment> assignment; // argument of declare, export...
    // The text when it is one unquoted literal without anything special, else null.
    const std::string* literal() const {
        return parts.size() == 1 && parts[0].kind == WordPart::Literal ? &parts[0].text : nullptr;
    }
};

struct ArrayElement {
    WordPtr subscript;
    bool append = false;
    Word value;
};

struct Assignment {
    std::string name;
    WordPtr subscript;
    bool append = false, isArray = false;
    Word value;
    std::vector<ArrayElement> elements;
};

struct Redirect {
    enum Kind : std::uint8_t {
        In,
        Out,
        Append,
        Clobber,
        InOut,
        DupIn,
        DupOut,
        HereDoc,
        HereString,
        OutBoth,
        AppendBoth
    };
    Kind kind = In;
    int fd = -1;            // -1: the kind's own
    std::string fdVariable; // {name}>file
    Word target;            // file, number, or the text of a here-document
};

enum class CommandKind : std::uint8_t {
    Simple,
    Subshell,
    Group,
    If,
    While,
    Until,
    For,
    ArithFor,
    Case,
    Select,
    Function,
    Arithmetic,
    Condition
};

// Expression of [[ ]].
struct Condition {
    enum Kind : std::uint8_t { Unary, Binary, Not, And, Or, Test };
    Kind kind = Test;
    std::string op;
    Word left, right;
    std::unique_ptr<Condition> first, second;
};

struct Command;
using CommandPtr = std::shared_ptr<const Command>;

struct CaseItem {
    std::vector<Word> patterns;
    ListPtr body;
    std::string end; // ";;", ";&", ";;&"
};

struct Command {
    CommandKind kind = CommandKind::Simple;
    int line = 0;
    std::vector<Redirect> redirects;
    std::vector<Assignment> assignments;
    std::vector<Word> words; // Simple; For and Select: the list; Arithmetic, ArithFor: expressions
    std::string name;        // For, Select: variable; Function: its name
    bool hasWords = false;   // "in" was given
    ListPtr condition, body; // If, While; body of everything
    ListPtr otherwise;       // If: else or elif
    std::vector<CaseItem> items;
    std::shared_ptr<const Condition> test;
    CommandPtr function;
    std::string source; // text, for jobs and for `declare -f`
};

struct Pipeline {
    bool negated = false, timed = false, posixTime = false;
    std::vector<CommandPtr> commands;
    std::vector<bool> withError; // |&
};

struct AndOr {
    std::vector<Pipeline> pipelines;
    std::vector<bool> isAnd; // before pipelines[i + 1]
    bool background = false;
    std::string source;
};

struct List {
    std::vector<AndOr> items;
};

} // namespace shell
