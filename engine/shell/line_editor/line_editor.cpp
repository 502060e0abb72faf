#include "shell/line_editor/line_editor.h"

#include "base/strings.h"

#include <algorithm>
#include <cctype>

namespace shell {
namespace {

constexpr std::size_t kMaxLine = 64 * 1024;

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }
bool wordChar(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || continues(c) ||
           (static_cast<unsigned char>(c) & 0x80) != 0;
}

// What a text occupies on the screen; escape sequences and \[ \] stretches count nothing.
void advanceOver(std::string_view text, int width, int& row, int& column) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\x1b') {
            if (i + 1 < text.size() && text[i + 1] == ']') {
                while (i < text.size() && text[i] != '\a' &&
                       !(text[i] == '\\' && text[i - 1] == '\x1b'))
                    ++i;
            } else {
                ++i;
                while (i + 1 < text.size() && !std::isalpha(static_cast<unsigned char>(text[i])))
                    ++i;
            }
            continue;
        }
        if (c == '\x01' || c == '\x02' || c == '\r' || c == '\a') continue;
        if (c == '\n') {
            ++row;
            column = 0;
            continue;
        }
        if (continues(c)) continue;
        column += static_cast<unsigned char>(c) < 32 ? 2 : 1;
        if (column >= width) {
            ++row;
            column = 0;
        }
    }
}

std::string shown(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n')
            out += "\r\n";
        else if (static_cast<unsigned char>(c) < 32)
            out += {'^', static_cast<char>(c + 64)};
        else
            out += c;
    }
    return out;
}

} // namespace

int LineEditor::columns() const {
    const auto tty = process_.terminal();
    return tty ? std::max(tty->size.columns, 2) : 80;
}

sim::Task<void> LineEditor::flush() {
    if (out_.empty()) co_return;
    std::string text;
    text.swap(out_);
    if (const auto pipe = process_.error()) co_await pipe->write(std::move(text));
}

sim::Task<int> LineEditor::nextByte() {
    if (buffered_.empty()) {
        co_await flush();
        const auto pipe = process_.input();
        if (!pipe) co_return -1;
        buffered_ = co_await pipe->read(1);
        if (buffered_.empty()) co_return -1;
    }
    const int byte = static_cast<unsigned char>(buffered_[0]);
    buffered_.erase(0, 1);
    co_return byte;
}

std::size_t LineEditor::left(std::size_t at) const {
    if (at > 0) --at;
    while (at > 0 && continues(line_[at])) --at;
    return at;
}
std::size_t LineEditor::right(std::size_t at) const {
    if (at < line_.size()) ++at;
    while (at < line_.size() && continues(line_[at])) ++at;
    return at;
}
std::size_t LineEditor::wordLeft(std::size_t at) const {
    while (at > 0 && !wordChar(line_[at - 1])) --at;
    while (at > 0 && wordChar(line_[at - 1])) --at;
    return at;
}
std::size_t LineEditor::wordRight(std::size_t at) const {
    while (at < line_.size() && !wordChar(line_[at])) ++at;
    while (at < line_.size() && wordChar(line_[at])) ++at;
    return at;
}

void LineEditor::position(std::size_t upTo, int& row, int& column) const {
    row = column = 0;
    advanceOver(prompt_, columns(), row, column);
    advanceOver(std::string_view(line_).substr(0, upTo), columns(), row, column);
}

// Draws prompt and line anew from the row where the prompt began.
void LineEditor::redraw() {
    if (shownRow_ > 0) out_ += "\x1b[" + std::to_string(shownRow_) + "A";
    out_ += "\r\x1b[J";
    for (const char c : prompt_) {
        if (c == '\x01' || c == '\x02') continue;
        if (c == '\n') out_ += '\r';
        out_ += c;
    }
    out_ += shown(line_);
    int endRow = 0, endColumn = 0, row = 0, column = 0;
    position(line_.size(), endRow, endColumn);
    // At the right margin the terminal still holds the cursor back.
    if (endColumn == 0 && !line_.empty() && line_.back() != '\n' && endRow > 0) out_ += "\r\n";
    position(cursor_, row, column);
    if (endRow > row) out_ += "\x1b[" + std::to_string(endRow - row) + "A";
    out_ += "\r";
    if (column > 0) out_ += "\x1b[" + std::to_string(column) + "C";
    shownRow_ = row;
}

void LineEditor::insert(const std::string& text) {
    if (line_.size() + text.size() > kMaxLine) return;
    const bool atEnd = cursor_ == line_.size();
    line_.insert(cursor_, text);
    cursor_ += text.size();
    int row = 0, column = 0;
    position(cursor_, row, column);
    if (atEnd && row == shownRow_ && column > 0 &&
        text.find_first_of("\n\t") == std::string::npos &&
        static_cast<unsigned char>(text[0]) >= 32) {
        out_ += text;
    } else {
        redraw();
    }
}

void LineEditor::moveTo(std::size_t cursor) {
    cursor_ = std::min(cursor, line_.size());
    redraw();
}

void LineEditor::kill(std::size_t from, std::size_t to, bool forward) {
    if (from >= to) return;
    const std::string piece = line_.substr(from, to - from);
    undo_.emplace_back(line_, cursor_);
    if (lastWasKill_)
        killed_ = forward ? killed_ + piece : piece + killed_;
    else
        killed_ = piece;
    lastWasKill_ = true;
    line_.erase(from, to - from);
    moveTo(from);
}

void LineEditor::historyMove(int step) {
    if (step < 0 ? historyAt_ == 0 : historyAt_ >= history_.size()) {
        out_ += '\a';
        return;
    }
    if (historyAt_ == history_.size()) saved_ = line_;
    historyAt_ = static_cast<std::size_t>(static_cast<int>(historyAt_) + step);
    line_ = historyAt_ == history_.size() ? saved_ : history_[historyAt_];
    moveTo(line_.size());
}

sim::Task<std::string> LineEditor::escapeSequence() {
    std::string sequence;
    int byte = co_await nextByte();
    if (byte < 0) co_return sequence;
    sequence += static_cast<char>(byte);
    if (byte != '[' && byte != 'O') co_return sequence;
    while (sequence.size() < 16) {
        byte = co_await nextByte();
        if (byte < 0) break;
        sequence += static_cast<char>(byte);
        if (byte >= 0x40 && byte <= 0x7e) break;
    }
    co_return sequence;
}

sim::Task<void> LineEditor::paste() {
    std::string text;
    while (text.size() < kMaxLine) {
        const int byte = co_await nextByte();
        if (byte < 0) break;
        text += static_cast<char>(byte);
        if (text.size() >= 6 && text.compare(text.size() - 6, 6, "\x1b[201~") == 0) {
            text.resize(text.size() - 6);
            break;
        }
    }
    std::string plain;
    for (const char c : text) plain += c == '\r' ? '\n' : c;
    undo_.emplace_back(line_, cursor_);
    if (!plain.empty()) {
        line_.insert(cursor_, plain);
        cursor_ += plain.size();
    }
    redraw();
}

void LineEditor::changeCase(char how) {
    const std::size_t end = wordRight(cursor_);
    bool first = true;
    for (std::size_t i = cursor_; i < end; ++i) {
        const bool letter = std::isalpha(static_cast<unsigned char>(line_[i]));
        const bool up = how == 'u' || (how == 'c' && first && letter);
        line_[i] = static_cast<char>(up ? std::toupper(static_cast<unsigned char>(line_[i]))
                                        : std::tolower(static_cast<unsigned char>(line_[i])));
        if (letter) first = false;
    }
    moveTo(end);
}

sim::Task<bool> LineEditor::escape() {
    const std::string sequence = co_await escapeSequence();
    const bool wasKill = std::exchange(lastWasKill_, false);
    const bool wasArgument = std::exchange(lastWasArgument_, false);
    if (sequence == "[A" || sequence == "OA")
        historyMove(-1);
    else if (sequence == "[B" || sequence == "OB")
        historyMove(1);
    else if (sequence == "[C" || sequence == "OC")
        moveTo(right(cursor_));
    else if (sequence == "[D" || sequence == "OD")
        moveTo(left(cursor_));
    else if (sequence == "[H" || sequence == "OH" || sequence == "[1~")
        moveTo(0);
    else if (sequence == "[F" || sequence == "OF" || sequence == "[4~")
        moveTo(line_.size());
    else if (sequence == "[1;5C" || sequence == "[1;3C" || sequence == "f")
        moveTo(wordRight(cursor_));
    else if (sequence == "[1;5D" || sequence == "[1;3D" || sequence == "b")
        moveTo(wordLeft(cursor_));
    else if (sequence == "[3~") {
        if (cursor_ < line_.size()) {
            undo_.emplace_back(line_, cursor_);
            line_.erase(cursor_, right(cursor_) - cursor_);
            redraw();
        }
    } else if (sequence == "[200~")
        co_await paste();
    else if (sequence == "d") {
        lastWasKill_ = wasKill;
        kill(cursor_, wordRight(cursor_), true);
    } else if (sequence == "\x7f" || sequence == "\b") {
        lastWasKill_ = wasKill;
        kill(wordLeft(cursor_), cursor_, false);
    } else if (sequence == "u" || sequence == "l" || sequence == "c")
        changeCase(sequence[0]);
    else if (sequence == "<") {
        if (historyAt_ == history_.size()) saved_ = line_;
        historyAt_ = 0;
        if (!history_.empty()) line_ = history_[0];
        moveTo(line_.size());
    } else if (sequence == ">") {
        historyAt_ = history_.size();
        line_ = saved_;
        moveTo(line_.size());
    } else if (sequence == "#") {
        line_.insert(0, "#");
        redraw();
        co_return true;
    } else if (sequence == "." || sequence == "_") {
        // The last word of earlier lines, one further back each time.
        argumentDepth_ = wasArgument ? argumentDepth_ + 1 : 1;
        if (wasArgument)
            line_.erase(argumentStart_, cursor_ - argumentStart_), cursor_ = argumentStart_;
        else
            argumentStart_ = cursor_;
        if (argumentDepth_ <= history_.size()) {
            const auto words = base::splitFields(history_[history_.size() - argumentDepth_]);
            if (!words.empty()) {
                line_.insert(cursor_, words.back());
                cursor_ += words.back().size();
            }
        }
        lastWasArgument_ = true;
        redraw();
    }
    co_return false;
}

// Ctrl-R.
sim::Task<void> LineEditor::search() {
    const std::string savedLine = line_, savedPrompt = prompt_;
    const std::size_t savedCursor = cursor_;
    std::string query;
    std::size_t at = history_.size();
    bool failed = false;
    auto find = [&](std::size_t from) {
        for (std::size_t i = from; i-- > 0;)
            if (const std::size_t place = history_[i].find(query); place != std::string::npos) {
                at = i;
                line_ = history_[i];
                cursor_ = place;
                failed = false;
                return;
            }
        failed = true;
    };
    while (true) {
        prompt_ = std::string(failed ? "(failed reverse-i-search)`" : "(reverse-i-search)`") +
                  query + "': ";
        redraw();
        const int byte = co_await nextByte();
        if (byte < 0) break;
        if (byte == 0x12) {
            if (!query.empty()) find(at);
        } else if (byte == 0x7f || byte == 0x08) {
            if (!query.empty()) query.pop_back();
            at = history_.size();
            if (!query.empty()) find(at);
        } else if (byte == 0x07 || byte == 0x03) {
            line_ = savedLine;
            cursor_ = savedCursor;
            prompt_ = savedPrompt;
            redraw();
            co_return;
        } else if (byte >= 32) {
            query += static_cast<char>(byte);
            find(std::min(at + 1, history_.size()));
        } else {
            prompt_ = savedPrompt;
            historyAt_ = at;
            redraw();
            if (byte != 0x1b)
                buffered_.insert(0, 1, static_cast<char>(byte));
            else
                buffered_.insert(0, "\x1b");
            co_return;
        }
    }
    prompt_ = savedPrompt;
}

sim::Task<void> LineEditor::tab() {
    if (completer_ == nullptr) co_return;
    Completions found = co_await completer_->complete(line_, cursor_);
    if (found.candidates.empty()) {
        out_ += '\a';
        co_return;
    }
    std::string common = found.candidates[0];
    for (const std::string& candidate : found.candidates) {
        std::size_t same = 0;
        while (same < common.size() && same < candidate.size() && common[same] == candidate[same])
            ++same;
        common.resize(same);
    }
    const std::string current = line_.substr(found.start, cursor_ - found.start);
    if (found.candidates.size() == 1) {
        const bool folder = !common.empty() && common.back() == '/';
        std::string text = common;
        if (!folder && !found.noSpace && (cursor_ >= line_.size() || line_[cursor_] != ' '))
            text += ' ';
        line_.replace(found.start, current.size(), text);
        cursor_ = found.start + text.size();
        redraw();
        co_return;
    }
    if (common.size() > current.size()) {
        line_.replace(found.start, current.size(), common);
        cursor_ = found.start + common.size();
        redraw();
        co_return;
    }
    if (!lastWasTab_) {
        out_ += '\a';
        lastWasTab_ = true;
        co_return;
    }
    const auto& labels = found.labels.empty() ? found.candidates : found.labels;
    int endRow = 0, endColumn = 0;
    position(line_.size(), endRow, endColumn);
    if (endRow > shownRow_) out_ += "\x1b[" + std::to_string(endRow - shownRow_) + "B";
    out_ += "\r\n";
    if (labels.size() > 100) {
        out_ += "Display all " + std::to_string(labels.size()) + " possibilities? (y or n)";
        const int byte = co_await nextByte();
        out_ += "\r\n";
        if (byte != 'y' && byte != 'Y' && byte != ' ') {
            shownRow_ = 0;
            redraw();
            co_return;
        }
    }
    std::size_t widest = 0;
    for (const std::string& label : labels) widest = std::max(widest, label.size());
    const std::size_t perRow =
        std::max<std::size_t>(1, static_cast<std::size_t>(columns()) / (widest + 2));
    const std::size_t rows = (labels.size() + perRow - 1) / perRow;
    for (std::size_t row = 0; row < rows; ++row) {
        std::string text;
        for (std::size_t i = row; i < labels.size(); i += rows) {
            std::string cell = labels[i];
            if (i + rows < labels.size()) cell.resize(widest + 2, ' ');
            text += cell;
        }
        out_ += text + "\r\n";
    }
    shownRow_ = 0;
    redraw();
}

sim::Task<bool> LineEditor::control(int key, End& end, bool& finished) {
    const bool wasKill = std::exchange(lastWasKill_, false);
    const bool wasTab = std::exchange(lastWasTab_, false);
    lastWasArgument_ = false;
    switch (key) {
    case '\r':
    case '\n': finished = true; break;
    case 0x01: moveTo(0); break;
    case 0x02: moveTo(left(cursor_)); break;
    case 0x03:
        end = End::Interrupted;
        finished = true;
        break;
    case 0x04:
        if (line_.empty()) {
            end = End::EndOfInput;
            finished = true;
        } else if (cursor_ < line_.size()) {
            line_.erase(cursor_, right(cursor_) - cursor_);
            redraw();
        }
        break;
    case 0x05: moveTo(line_.size()); break;
    case 0x06: moveTo(right(cursor_)); break;
    case 0x08:
    case 0x7f:
        if (cursor_ > 0) {
            const std::size_t from = left(cursor_);
            undo_.emplace_back(line_, cursor_);
            line_.erase(from, cursor_ - from);
            moveTo(from);
        } else {
            out_ += '\a';
        }
        break;
    case '\t':
        lastWasTab_ = wasTab;
        co_await tab();
        break;
    case 0x0b:
        lastWasKill_ = wasKill;
        kill(cursor_, line_.size(), true);
        break;
    case 0x0c:
        out_ += "\x1b[H\x1b[2J";
        shownRow_ = 0;
        redraw();
        break;
    case 0x0e: historyMove(1); break;
    case 0x10: historyMove(-1); break;
    case 0x12: co_await search(); break;
    case 0x14:
        if (line_.size() >= 2 && cursor_ > 0) {
            const std::size_t at = cursor_ == line_.size() ? cursor_ - 1 : cursor_;
            std::swap(line_[at - 1], line_[at]);
            moveTo(at + 1);
        }
        break;
    case 0x15:
        lastWasKill_ = wasKill;
        kill(0, cursor_, false);
        break;
    case 0x17: {
        lastWasKill_ = wasKill;
        std::size_t from = cursor_;
        while (from > 0 && std::isspace(static_cast<unsigned char>(line_[from - 1]))) --from;
        while (from > 0 && !std::isspace(static_cast<unsigned char>(line_[from - 1]))) --from;
        kill(from, cursor_, false);
        break;
    }
    case 0x19:
        if (!killed_.empty()) {
            line_.insert(cursor_, killed_);
            moveTo(cursor_ + killed_.size());
        }
        break;
    case 0x1f:
        if (!undo_.empty()) {
            std::tie(line_, cursor_) = undo_.back();
            undo_.pop_back();
            redraw();
        }
        break;
    case 0x1b: {
        lastWasKill_ = wasKill;
        finished = co_await escape();
        break;
    }
    default: break;
    }
    co_return finished;
}

sim::Task<LineEditor::End> LineEditor::read(std::string prompt, std::string& line) {
    const auto tty = process_.terminal();
    if (tty) tty->raw = true;
    // Only the last line of the prompt is redrawn.
    const std::size_t newline = prompt.rfind('\n');
    if (newline != std::string::npos) {
        for (const char c : prompt.substr(0, newline + 1))
            if (c != '\x01' && c != '\x02')
                out_ += c == '\n' ? std::string("\r\n") : std::string(1, c);
        prompt.erase(0, newline + 1);
    }
    prompt_ = std::move(prompt);
    line_.clear();
    saved_.clear();
    cursor_ = 0;
    shownRow_ = 0;
    historyAt_ = history_.size();
    lastWasTab_ = lastWasKill_ = lastWasArgument_ = false;
    undo_.clear();
    out_ += "\x1b[?2004h";
    redraw();
    End end = End::Line;
    bool finished = false;
    while (!finished) {
        const int byte = co_await nextByte();
        if (byte < 0) {
            end = End::EndOfInput;
            hungUp_ = true;
            break;
        }
        if (byte < 32 || byte == 0x7f) {
            co_await control(byte, end, finished);
            continue;
        }
        lastWasKill_ = lastWasTab_ = lastWasArgument_ = false;
        std::string text(1, static_cast<char>(byte));
        const int more = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : byte >= 0xC0 ? 1 : 0;
        for (int i = 0; i < more; ++i) {
            const int next = co_await nextByte();
            if (next < 0) break;
            text += static_cast<char>(next);
        }
        if (undo_.size() > 500) undo_.erase(undo_.begin(), undo_.begin() + 250);
        undo_.emplace_back(line_, cursor_);
        insert(text);
    }
    int row = 0, column = 0;
    position(line_.size(), row, column);
    if (row > shownRow_) out_ += "\x1b[" + std::to_string(row - shownRow_) + "B";
    if (end == End::Interrupted) out_ += "^C";
    out_ += "\x1b[?2004l";
    if (end != End::EndOfInput) out_ += "\r\n";
    co_await flush();
    if (tty) tty->raw = false;
    line = line_;
    co_return end;
}

} // namespace shell
