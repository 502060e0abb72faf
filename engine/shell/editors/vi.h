#pragma once
// A vi as people use it: vim's normal, insert, visual and command-line modes.
// Source: vim's user manual, for keys and messages.

#include "ports/program.h"
#include "shell/coreutils/regex.h"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shell {

class Vi {
public:
    Vi(ports::Process& process, bool readOnly) : process_(process), readOnly_(readOnly) {}
    sim::Task<int> run(std::vector<std::string> files, std::string firstCommand);
    sim::Task<int> runNano(std::string path);

private:
    struct Position {
        int row = 0, column = 0;
        bool operator<(const Position& o) const {
            return row != o.row ? row < o.row : column < o.column;
        }
        bool operator==(const Position&) const = default;
    };
    struct Register {
        std::string text;
        bool linewise = false;
    };
    struct Snapshot {
        std::vector<std::string> lines;
        Position cursor;
    };
    struct Motion {
        bool ok = false, linewise = false, inclusive = false;
        Position from, to;
    };

    // Keys and screen.
    sim::Task<int> key();
    sim::Task<void> draw();
    std::string shownLine(int row, int& cursorColumn) const;
    int textRows() const;
    int width() const;
    void scrollToCursor();
    void message(std::string text, bool error = false);

    // Files.
    bool load(const std::string& path);
    sim::Task<bool> save(std::string path, bool quiet);

    // Modes.
    sim::Task<void> normal();
    sim::Task<void> normalKey(int c, int count, bool counted);
    sim::Task<bool> editKey(int c, int count, bool counted);
    sim::Task<bool> scrollKey(int c, int count);
    sim::Task<void> insert();
    sim::Task<void> nanoKey(int c);
    sim::Task<bool> nanoSave();
    sim::Task<void> visual(char kind);
    sim::Task<void> operate(char op, int count);
    sim::Task<Motion> readMotion(int c, int count, bool counted, bool forOperator);
    sim::Task<bool> readTarget(int c, int& target);
    Motion textObject(bool around, int kind) const;
    void apply(char op, Motion motion);
    void applyLines(char op, int from, int to);
    sim::Task<void> changeLines(int from, int to);
    sim::Task<void> commandLine(std::string start);
    sim::Task<std::optional<std::string>> readLine(std::string prompt, std::string start);
    sim::Task<void> execute(std::string command);
    sim::Task<void> exCommand(std::string name, std::string argument, bool bang, int from, int to,
                              bool ranged);
    bool parseRange(const std::string& text, std::size_t& at, int& from, int& to, bool& ranged);
    bool parseAddress(const std::string& text, std::size_t& at, int& line);
    void substituteLines(const std::string& argument, int from, int to);
    void globalCommand(const std::string& argument, int from, int to, bool inverted,
                       std::vector<int>& rows, std::string& command);
    void set(const std::string& argument);
    bool search(const std::string& pattern, bool forward, Position from, Position& found);
    void searchNext(bool sameDirection, int count);

    // Text.
    std::string& line() { return lines_[static_cast<std::size_t>(cursor_.row)]; }
    const std::string& lineAt(int row) const { return lines_[static_cast<std::size_t>(row)]; }
    int lastRow() const { return static_cast<int>(lines_.size()) - 1; }
    int lengthOf(int row) const { return static_cast<int>(lineAt(row).size()); }
    void clamp(bool insertMode = false);
    void remember();
    void undo();
    void redo();
    std::string textBetween(Position from, Position to) const; // half open
    void erase(Position from, Position to);
    void insertText(const std::string& text);
    void put(bool after, int count);
    void join(int count, bool spaces);
    void store(std::string text, bool linewise, bool yank);
    void indent(int from, int to, bool right);
    Position wordForward(Position at, bool big) const;
    Position wordBackward(Position at, bool big) const;
    Position wordEnd(Position at, bool big) const;
    int charClass(Position at, bool big) const;
    bool step(Position& at, int direction) const;
    std::optional<Position> matchingBracket(Position at) const;
    int firstNonBlank(int row) const;
    std::string indentOf(int row) const;

    ports::Process& process_;
    bool readOnly_;
    std::vector<std::string> lines_{""};
    std::string path_;
    std::vector<std::string> files_;
    std::size_t fileIndex_ = 0;
    bool modified_ = false, isNew_ = false, finished_ = false, unended_ = false;
    Position cursor_;
    int wanted_ = 0; // column that j and k aim for
    int top_ = 0;
    std::string message_, buffered_, modeText_;
    bool messageIsError_ = false;
    std::map<char, Register> registers_;
    char register_ = '"';
    std::map<char, Position> marks_;
    std::vector<Snapshot> undo_, redo_;
    std::deque<int> replay_;
    std::vector<int> recorded_, lastChange_;
    bool recording_ = false, replaying_ = false;
    std::string pattern_;
    bool searchForward_ = true, highlight_ = false;
    int findKey_ = 0, findChar_ = 0;
    std::optional<Position> visualStart_;
    char visualKind_ = 0;
    int status_ = 0;
    // :set
    bool number_ = false, relative_ = false, expandTab_ = false, autoIndent_ = false,
         ignoreCase_ = false, hls_ = true, list_ = false, paste_ = false, smartCase_ = false;
    int tabStop_ = 8, shiftWidth_ = 8;
};

} // namespace shell
