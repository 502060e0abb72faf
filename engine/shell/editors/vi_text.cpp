// Text and motions of the editor.

#include "base/strings.h"
#include "shell/editors/vi.h"

#include <algorithm>
#include <cctype>

namespace shell {

void Vi::clamp(bool insertMode) {
    cursor_.row = std::clamp(cursor_.row, 0, lastRow());
    const int most =
        insertMode || visualStart_ ? lengthOf(cursor_.row) : std::max(0, lengthOf(cursor_.row) - 1);
    cursor_.column = std::clamp(cursor_.column, 0, most);
    while (cursor_.column > 0 && cursor_.column < lengthOf(cursor_.row) &&
           (static_cast<unsigned char>(line()[static_cast<std::size_t>(cursor_.column)]) & 0xC0) ==
               0x80)
        --cursor_.column;
}

void Vi::remember() {
    undo_.push_back({lines_, cursor_});
    if (undo_.size() > 200) undo_.erase(undo_.begin());
    redo_.clear();
    modified_ = true;
}

void Vi::undo() {
    if (undo_.empty()) {
        message("Already at oldest change");
        return;
    }
    redo_.push_back({lines_, cursor_});
    lines_ = undo_.back().lines;
    cursor_ = undo_.back().cursor;
    undo_.pop_back();
    clamp();
}

void Vi::redo() {
    if (redo_.empty()) {
        message("Already at newest change");
        return;
    }
    undo_.push_back({lines_, cursor_});
    lines_ = redo_.back().lines;
    cursor_ = redo_.back().cursor;
    redo_.pop_back();
    clamp();
}

std::string Vi::textBetween(Position from, Position to) const {
    if (from.row == to.row)
        return lineAt(from.row).substr(
            static_cast<std::size_t>(from.column),
            static_cast<std::size_t>(std::max(0, to.column - from.column)));
    std::string text = lineAt(from.row).substr(static_cast<std::size_t>(from.column)) + "\n";
    for (int row = from.row + 1; row < to.row; ++row) text += lineAt(row) + "\n";
    return text + lineAt(to.row).substr(0, static_cast<std::size_t>(to.column));
}

void Vi::erase(Position from, Position to) {
    std::string tail =
        lineAt(to.row).substr(static_cast<std::size_t>(std::min(to.column, lengthOf(to.row))));
    lines_[static_cast<std::size_t>(from.row)].resize(static_cast<std::size_t>(from.column));
    lines_[static_cast<std::size_t>(from.row)] += tail;
    lines_.erase(lines_.begin() + from.row + 1, lines_.begin() + to.row + 1);
    cursor_ = from;
}

void Vi::insertText(const std::string& text) {
    const auto pieces = base::split(text, '\n');
    std::string tail = line().substr(static_cast<std::size_t>(cursor_.column));
    line().resize(static_cast<std::size_t>(cursor_.column));
    line() += pieces[0];
    cursor_.column = lengthOf(cursor_.row);
    for (std::size_t i = 1; i < pieces.size(); ++i) {
        lines_.insert(lines_.begin() + cursor_.row + 1, pieces[i]);
        ++cursor_.row;
        cursor_.column = static_cast<int>(pieces[i].size());
    }
    line() += tail;
}

void Vi::store(std::string text, bool linewise, bool yank) {
    Register made{std::move(text), linewise};
    if (register_ != '_') {
        if (std::isupper(static_cast<unsigned char>(register_))) {
            Register& target = registers_[static_cast<char>(std::tolower(register_))];
            target.text += made.text;
            target.linewise = target.linewise || linewise;
        } else if (register_ != '"') {
            registers_[register_] = made;
        }
        if (yank) registers_['0'] = made;
        registers_['"'] = std::move(made);
    }
    register_ = '"';
}

void Vi::put(bool after, int count) {
    const char from = register_;
    register_ = '"';
    const auto found = registers_.find(from);
    if (found == registers_.end() || found->second.text.empty()) {
        message(std::string("E353: Nothing in register ") + from, true);
        return;
    }
    const Register content = found->second;
    remember();
    if (content.linewise) {
        std::vector<std::string> fresh;
        for (int i = 0; i < count; ++i)
            for (std::string& each : base::splitLines(content.text))
                fresh.push_back(std::move(each));
        const int at = after ? cursor_.row + 1 : cursor_.row;
        lines_.insert(lines_.begin() + at, fresh.begin(), fresh.end());
        cursor_ = {at, 0};
        cursor_.column = firstNonBlank(at);
        if (fresh.size() > 2) message(std::to_string(fresh.size()) + " more lines");
        return;
    }
    if (after && lengthOf(cursor_.row) > 0) ++cursor_.column;
    const Position start = cursor_;
    for (int i = 0; i < count; ++i) insertText(content.text);
    if (content.text.find('\n') != std::string::npos)
        cursor_ = start;
    else
        --cursor_.column;
    clamp();
}

void Vi::join(int count, bool spaces) {
    remember();
    for (int i = 0; i < std::max(1, count - 1) && cursor_.row < lastRow(); ++i) {
        std::string next = lineAt(cursor_.row + 1);
        const int at = lengthOf(cursor_.row);
        if (spaces) {
            next.erase(0, next.find_first_not_of(" \t") == std::string::npos
                              ? next.size()
                              : next.find_first_not_of(" \t"));
            if (!line().empty() && line().back() != ' ' && !next.empty() && next[0] != ')')
                line() += ' ';
        }
        line() += next;
        lines_.erase(lines_.begin() + cursor_.row + 1);
        cursor_.column = at;
    }
    clamp();
}

void Vi::indent(int from, int to, bool right) {
    remember();
    for (int row = from; row <= to; ++row) {
        std::string& text = lines_[static_cast<std::size_t>(row)];
        if (text.empty()) continue;
        int columns = 0;
        std::size_t at = 0;
        for (; at < text.size() && (text[at] == ' ' || text[at] == '\t'); ++at)
            columns += text[at] == '\t' ? tabStop_ - columns % tabStop_ : 1;
        columns = std::max(0, columns + (right ? shiftWidth_ : -shiftWidth_));
        std::string blank;
        if (!expandTab_)
            blank.append(static_cast<std::size_t>(columns / tabStop_), '\t'), columns %= tabStop_;
        text = blank + std::string(static_cast<std::size_t>(columns), ' ') + text.substr(at);
    }
    cursor_ = {from, firstNonBlank(from)};
    if (to - from >= 2)
        message(std::to_string(to - from + 1) + " lines " + (right ? ">" : "<") + "ed 1 time");
}

int Vi::firstNonBlank(int row) const {
    const std::size_t at = lineAt(row).find_first_not_of(" \t");
    return at == std::string::npos ? std::max(0, lengthOf(row) - 1) : static_cast<int>(at);
}

std::string Vi::indentOf(int row) const {
    const std::size_t at = lineAt(row).find_first_not_of(" \t");
    return lineAt(row).substr(0, at == std::string::npos ? lineAt(row).size() : at);
}

int Vi::charClass(Position at, bool big) const {
    if (at.column >= lengthOf(at.row)) return 0;
    const char c = lineAt(at.row)[static_cast<std::size_t>(at.column)];
    if (std::isspace(static_cast<unsigned char>(c))) return 0;
    if (big) return 1;
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' ||
                   (static_cast<unsigned char>(c) & 0x80)
               ? 1
               : 2;
}

bool Vi::step(Position& at, int direction) const {
    if (direction > 0) {
        if (at.column + 1 < lengthOf(at.row)) {
            ++at.column;
            return true;
        }
        if (at.row >= lastRow()) return false;
        at = {at.row + 1, 0};
        return true;
    }
    if (at.column > 0) {
        --at.column;
        return true;
    }
    if (at.row == 0) return false;
    at = {at.row - 1, std::max(0, lengthOf(at.row - 1) - 1)};
    return true;
}

Vi::Position Vi::wordForward(Position at, bool big) const {
    const int kind = charClass(at, big);
    const Position start = at;
    while (charClass(at, big) == kind && kind != 0) {
        const int row = at.row;
        if (!step(at, 1)) return {at.row, lengthOf(at.row)};
        if (at.row != row) break;
    }
    while (charClass(at, big) == 0) {
        if (lengthOf(at.row) == 0 && !(at == start)) return at; // an empty line is a word
        if (!step(at, 1)) return {at.row, lengthOf(at.row)};
    }
    return at;
}

Vi::Position Vi::wordBackward(Position at, bool big) const {
    if (!step(at, -1)) return at;
    while (charClass(at, big) == 0) {
        if (lengthOf(at.row) == 0) return at;
        if (!step(at, -1)) return at;
    }
    const int kind = charClass(at, big);
    while (at.column > 0 && charClass({at.row, at.column - 1}, big) == kind) --at.column;
    return at;
}

Vi::Position Vi::wordEnd(Position at, bool big) const {
    if (!step(at, 1)) return at;
    while (charClass(at, big) == 0)
        if (!step(at, 1)) return at;
    const int kind = charClass(at, big);
    while (at.column + 1 < lengthOf(at.row) && charClass({at.row, at.column + 1}, big) == kind)
        ++at.column;
    return at;
}

std::optional<Vi::Position> Vi::matchingBracket(Position at) const {
    static constexpr std::string_view kBrackets = "()[]{}";
    while (at.column < lengthOf(at.row) &&
           kBrackets.find(lineAt(at.row)[static_cast<std::size_t>(at.column)]) ==
               std::string_view::npos)
        ++at.column;
    if (at.column >= lengthOf(at.row)) return std::nullopt;
    const std::size_t kind = kBrackets.find(lineAt(at.row)[static_cast<std::size_t>(at.column)]);
    const char open = kBrackets[kind / 2 * 2], close = kBrackets[kind / 2 * 2 + 1];
    const int direction = kind % 2 == 0 ? 1 : -1;
    int depth = 0;
    do {
        if (lengthOf(at.row) > 0) {
            const char c = lineAt(at.row)[static_cast<std::size_t>(at.column)];
            if (c == open) depth += direction;
            if (c == close) depth -= direction;
            if (depth == 0) return at;
        }
    } while (step(at, direction));
    return std::nullopt;
}

Vi::Motion Vi::textObject(bool around, int kind) const {
    Motion motion;
    const std::string& text = lineAt(cursor_.row);
    if (kind == 'w' || kind == 'W') {
        if (text.empty()) return motion;
        const bool big = kind == 'W';
        const int here = charClass(cursor_, big);
        int from = cursor_.column, to = cursor_.column;
        while (from > 0 && charClass({cursor_.row, from - 1}, big) == here) --from;
        while (to + 1 < lengthOf(cursor_.row) && charClass({cursor_.row, to + 1}, big) == here)
            ++to;
        if (around) {
            int end = to;
            while (end + 1 < lengthOf(cursor_.row) &&
                   (charClass({cursor_.row, end + 1}, big) == 0) == (here != 0)) {
                ++end;
                if (here == 0 && end + 1 < lengthOf(cursor_.row) &&
                    charClass({cursor_.row, end + 1}, big) != charClass({cursor_.row, end}, big))
                    break;
            }
            if (end == to)
                while (from > 0 && charClass({cursor_.row, from - 1}, big) == 0) --from;
            to = end;
        }
        return {true, false, true, {cursor_.row, from}, {cursor_.row, to}};
    }
    if (kind == '"' || kind == '\'' || kind == '`') {
        std::vector<int> places;
        for (int i = 0; i < lengthOf(cursor_.row); ++i)
            if (text[static_cast<std::size_t>(i)] == kind &&
                (i == 0 || text[static_cast<std::size_t>(i - 1)] != '\\'))
                places.push_back(i);
        for (std::size_t i = 0; i + 1 < places.size(); i += 2)
            if (cursor_.column <= places[i + 1]) {
                if (around)
                    return {
                        true, false, true, {cursor_.row, places[i]}, {cursor_.row, places[i + 1]}};
                return {
                    true, false, false, {cursor_.row, places[i] + 1}, {cursor_.row, places[i + 1]}};
            }
        return motion;
    }
    if (kind == 'p') {
        int from = cursor_.row, to = cursor_.row;
        while (from > 0 && lineAt(from - 1).empty() == lineAt(cursor_.row).empty()) --from;
        while (to < lastRow() && lineAt(to + 1).empty() == lineAt(cursor_.row).empty()) ++to;
        while (around && to < lastRow() && lineAt(to + 1).empty()) ++to;
        return {true, true, true, {from, 0}, {to, 0}};
    }
    static constexpr std::string_view kOpen = "([{<", kClose = ")]}>";
    std::size_t which = kOpen.find(static_cast<char>(kind));
    if (which == std::string_view::npos) which = kClose.find(static_cast<char>(kind));
    if (which == std::string_view::npos && kind == 'b') which = 0;
    if (which == std::string_view::npos && kind == 'B') which = 2;
    if (which == std::string_view::npos) return motion;
    // Back to the bracket that encloses the cursor.
    Position at = cursor_;
    int depth = 0;
    bool first = true;
    do {
        if (lengthOf(at.row) > 0 && at.column < lengthOf(at.row)) {
            const char c = lineAt(at.row)[static_cast<std::size_t>(at.column)];
            if (c == kClose[which] && !first) ++depth;
            if (c == kOpen[which] && depth-- == 0) {
                const auto end = matchingBracket(at);
                if (!end) return motion;
                if (around) return {true, false, true, at, *end};
                Position inner = at;
                ++inner.column;
                return {true, false, false, inner, *end};
            }
        }
        first = false;
    } while (step(at, -1));
    return motion;
}

bool Vi::search(const std::string& pattern, bool forward, Position from, Position& found) {
    RegexOptions options;
    options.ignoreCase =
        ignoreCase_ &&
        !(smartCase_ && std::any_of(pattern.begin(), pattern.end(),
                                    [](unsigned char c) { return std::isupper(c); }));
    const Regex regex(pattern, options);
    if (!regex.ok()) {
        message("E383: Invalid search string: " + pattern, true);
        return false;
    }
    const int rows = lastRow() + 1;
    for (int i = 0; i <= rows; ++i) {
        const int row = ((from.row + (forward ? i : -i)) % rows + rows) % rows;
        const std::string& text = lineAt(row);
        int best = -1;
        RegexMatch match;
        for (std::size_t at = 0; at <= text.size() && regex.search(text, at, match);) {
            const int column = match.begin();
            const bool fits =
                i == 0 ? (forward ? column > from.column : column < from.column)
                       : i < rows || (forward ? column <= from.column : column >= from.column);
            if (fits) {
                best = column;
                if (forward) break;
            }
            at = static_cast<std::size_t>(std::max(match.end(), match.begin() + 1));
        }
        if (best < 0) continue;
        found = {row, best};
        if (forward && (row < from.row || (row == from.row && best <= from.column)))
            message("search hit BOTTOM, continuing at TOP", true);
        if (!forward && (row > from.row || (row == from.row && best >= from.column)))
            message("search hit TOP, continuing at BOTTOM", true);
        return true;
    }
    message("E486: Pattern not found: " + pattern, true);
    return false;
}

void Vi::searchNext(bool sameDirection, int count) {
    if (pattern_.empty()) {
        message("E35: No previous regular expression", true);
        return;
    }
    highlight_ = true;
    message((searchForward_ == sameDirection ? "/" : "?") + pattern_);
    for (int i = 0; i < count; ++i) {
        Position found;
        if (!search(pattern_, searchForward_ == sameDirection, cursor_, found)) return;
        cursor_ = found;
    }
    wanted_ = cursor_.column;
}

} // namespace shell
