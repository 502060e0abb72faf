#pragma once
// Shell text to syntax trees. Reads one complete command (up to the end of its line) at a time, as
// bash does, so that earlier lines run before a later syntax error is met.
// Source: POSIX.1-2017 Shell Command Language, Bash Reference Manual.

#include "shell/ast.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace shell {

struct ParserOptions {
    const std::map<std::string, std::string, std::less<>>* aliases = nullptr; // when expanded
    bool extglob = true;
    int firstLine = 1;
    int depth = 0;
};

enum class ParseStatus { Ok, End, Incomplete, Error };

struct ParseError {
    int line = 0;
    std::string message; // "syntax error near unexpected token `)'"
    std::string context; // the offending line; empty where bash does not print one
    bool warningOnly = false;
};

// Shared by the parser's files.
inline constexpr int kMaxDepth = 200;
inline bool isMeta(char c) {
    return c == '\0' || c == ' ' || c == '\t' || c == '\n' || c == ';' || c == '&' || c == '|' ||
           c == '(' || c == ')' || c == '<' || c == '>';
}
inline bool isNameChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }
inline bool isSpecialParam(char c) {
    return c != '\0' && std::string_view("@*#?$!-").find(c) != std::string_view::npos;
}

class Parser {
public:
    Parser(std::string text, ParserOptions options);

    // The next complete command.
    ParseStatus next(ListPtr& out);
    const ParseError& error() const { return error_; }
    const std::vector<ParseError>& warnings() const { return warnings_; }
    std::size_t position() const { return pos_; }
    int line() const { return line_; }
    bool atEnd();

    // Text with expansions but no quoting of its own (here-documents, arithmetic, prompts).
    static Word parseExpansions(std::string_view text, int line, bool quotesSpecial);
    // A whole text as one word (an array subscript from a string).
    static Word parseOneWord(std::string_view text, int line);

private:
    enum class Mode {
        Plain,
        Double,
        HereDoc,
        Arithmetic,
        Brace,
        BraceDouble,
        Pattern,
        Subscript,
        Regex
    };
    struct PendingDoc {
        Redirect* redirect;
        std::size_t index; // in the command's redirects
        Command* command;
        std::string delimiter;
        bool quoted, stripTabs;
        int line;
    };

    // Characters.
    bool done() const { return pos_ >= text_.size(); }
    char peek(std::size_t ahead = 0) const {
        return pos_ + ahead < text_.size() ? text_[pos_ + ahead] : '\0';
    }
    bool startsWith(std::string_view s) const {
        return std::string_view(text_).substr(pos_, s.size()) == s;
    }
    void advance(std::size_t count = 1);
    void skipBlanks();
    bool skipNewlines(); // blanks, comments, newlines (reading here-documents); false on failure
    bool newline();
    bool readHereDocs();

    // Errors.
    bool fail(std::string message, bool withContext);
    bool failToken();
    bool incomplete();
    bool unmatched(char wanted, int line);
    std::string tokenHere();

    // Grammar.
    bool parseList(List& out, bool oneLine);
    bool listEnds();
    bool parseAndOr(AndOr& out);
    bool parsePipeline(Pipeline& out);
    bool parsePipeElements(Pipeline& out);
    CommandPtr parseCommand();
    CommandPtr parseSimple();
    bool parseSimplePart(Command& command, bool& declaration);
    bool parseCompound(Command& command, const std::string& word);
    bool parseIf(Command& command);
    bool parseLoop(Command& command, bool until);
    bool parseFor(Command& command, bool select);
    bool parseArithFor(Command& command);
    bool parseForWords(Command& command);
    bool parseCase(Command& command);
    bool parseCaseItem(Command& command, bool& finished);
    bool parseFunction(Command& command, std::string name);
    bool parseCondition(Command& command);
    std::unique_ptr<Condition> conditionOr();
    std::unique_ptr<Condition> conditionAnd();
    std::unique_ptr<Condition> conditionNot();
    std::unique_ptr<Condition> conditionPrimary();
    bool conditionBinary(Condition& node);
    bool skipConditionSpace();
    bool parseDoGroup(ListPtr& out);
    bool parseInner(ListPtr& out, const char* first, const char* second = nullptr,
                    const char* third = nullptr);
    bool keyword(const char* word);
    bool expectKeyword(const char* word);
    std::string peekWord();
    bool isReserved(const std::string& word) const;
    bool parseRedirects(Command& command);
    bool atRedirect();
    bool parseRedirect(Command& command);
    bool parseHereDocStart(Command& command, Redirect redirect, bool stripTabs);
    bool expandAlias();

    // Words.
    bool wordStarts();
    bool parseWord(Word& out, Mode mode = Mode::Plain);
    bool parseWords(std::vector<Word>& out); // one word with its brace expansion
    bool parseParts(std::vector<WordPart>& out, Mode mode);
    bool partStops(Mode mode, int parentheses, std::size_t start) const;
    bool parseQuotedChar(std::vector<WordPart>& out, Mode mode);
    bool parseSingle(std::vector<WordPart>& out);
    bool parseAnsi(std::vector<WordPart>& out);
    bool parseDouble(std::vector<WordPart>& out);
    bool parseDollar(std::vector<WordPart>& out, Mode mode);
    bool parseBackquote(std::vector<WordPart>& out, Mode mode);
    bool parseBraceParam(std::vector<WordPart>& out, Mode mode);
    bool parseParamOp(WordPart& part, Mode mode);
    bool parseParamSubstring(WordPart& part);
    bool parseCommandSub(std::vector<WordPart>& out, WordPart::Kind kind);
    bool parseArithmeticSub(std::vector<WordPart>& out, bool& isCommand);
    bool parseExtglob(std::vector<WordPart>& out);
    std::optional<std::string> balanced(char open, char close);
    bool skipQuoted(std::string& into);
    bool parseAssignment(Assignment& out, bool& matched);
    bool parseArrayValue(Assignment& out);
    std::size_t assignmentLength() const;
    WordPtr textWord(std::string_view text, bool quotesSpecial);
    bool ok() const { return status_ == ParseStatus::Ok; }

    std::string text_;
    std::size_t pos_ = 0;
    int line_ = 1;
    ParserOptions options_;
    ParseStatus status_ = ParseStatus::Ok;
    ParseError error_;
    std::vector<ParseError> warnings_;
    std::vector<PendingDoc> docs_;
    std::vector<std::pair<std::string, std::size_t>> activeAliases_; // name, end of its text
    std::size_t aliasNext_ = std::string::npos; // an alias ending in a blank: expand here too
    int depth_ = 0;
    bool closedByFirst_ = false;
};

// {a,b} and {1..3}; the text itself when there is nothing to expand. At most 100,000 words.
std::vector<std::string> expandBraces(std::string_view word);
bool isName(std::string_view text);
std::string decodeAnsiC(std::string_view text); // $'...' and echo -e escapes

} // namespace shell
