#pragma once
// A line of input on a terminal: emacs keys, history, incremental search, completion.
// Source: readline(3), the default bindings.

#include "ports/program.h"
#include "shell/completion.h"

#include <memory>
#include <string>
#include <vector>

namespace shell {

// Completions of the word that ends at the cursor.
struct Completions {
    std::size_t start = 0;               // of the word in the line
    std::vector<std::string> candidates; // replacements, quoted as they are to be inserted
    std::vector<std::string> labels;     // shown in the list; parallel, or empty
    bool noSpace = false;
};

class Completer {
public:
    virtual ~Completer() = default;
    virtual sim::Task<Completions> complete(std::string line, std::size_t cursor) = 0;
};

class LineEditor {
public:
    enum class End { Line, Interrupted, EndOfInput };

    LineEditor(ports::Process& process, std::vector<std::string>& history, Completer* completer)
        : process_(process), history_(history), completer_(completer) {}

    // Shows the prompt and reads one line.
    sim::Task<End> read(std::string prompt, std::string& line);
    // From a signal of the keyboard (the terminal is raw while a line is edited, so Ctrl-C is a
    // key).
    bool hungUp() const { return hungUp_; }

private:
    sim::Task<int> nextByte();
    sim::Task<std::string> escapeSequence();
    sim::Task<void> flush();
    sim::Task<bool> control(int key, End& end, bool& finished);
    sim::Task<bool> escape();
    sim::Task<void> search();
    sim::Task<void> tab();
    sim::Task<void> paste();
    void insert(const std::string& text);
    void redraw();
    void moveTo(std::size_t cursor);
    void kill(std::size_t from, std::size_t to, bool forward);
    void historyMove(int step);
    std::size_t wordLeft(std::size_t at) const;
    std::size_t wordRight(std::size_t at) const;
    std::size_t left(std::size_t at) const;
    std::size_t right(std::size_t at) const;
    void position(std::size_t upTo, int& row, int& column) const;
    int columns() const;
    void changeCase(char how);

    ports::Process& process_;
    std::vector<std::string>& history_;
    Completer* completer_;
    std::string prompt_, line_, out_, killed_, saved_, buffered_;
    std::size_t cursor_ = 0, historyAt_ = 0;
    int shownRow_ = 0; // of the cursor, below the row where the prompt began
    bool lastWasTab_ = false, lastWasKill_ = false, lastWasArgument_ = false, hungUp_ = false;
    std::size_t argumentDepth_ = 0, argumentStart_ = 0;
    std::vector<std::pair<std::string, std::size_t>> undo_;
};

} // namespace shell
