// less and more.

#include "base/strings.h"
#include "shell/coreutils/coreutils.h"
#include "shell/coreutils/regex.h"

#include <algorithm>

namespace shell {
namespace {

class Pager {
public:
    Pager(ports::Process& process, Strings lines, std::string name)
        : process_(process), lines_(std::move(lines)), name_(std::move(name)) {}

    // Keys come from the terminal, also when the text came from a pipe.
    sim::Task<int> run(bool numbers) {
        numbers_ = numbers;
        const auto tty = process_.terminal();
        const auto keys = tty->input.lock();
        const bool wasRaw = tty->raw;
        tty->raw = true;
        co_await process_.writeOut("\x1b[?1049h");
        int count = 0;
        while (keys) {
            co_await draw();
            std::string typed = co_await keys->read(1);
            if (typed.empty()) break;
            if (typed[0] == '\x1b') {
                const std::string rest = keys->tryRead(8);
                if (rest == "[A" || rest == "OA")
                    typed = "k";
                else if (rest == "[B" || rest == "OB")
                    typed = "j";
                else if (rest == "[5~")
                    typed = "b";
                else if (rest == "[6~")
                    typed = " ";
                else if (rest == "[H")
                    typed = "g";
                else if (rest == "[F")
                    typed = "G";
            }
            message_.clear();
            const char c = typed[0];
            if (c >= '0' && c <= '9') {
                count = std::min(count * 10 + c - '0', 10'000'000);
                continue;
            }
            if (c == 'q' || c == 'Q' || c == 0x03) break;
            co_await command(c, std::exchange(count, 0), keys);
        }
        co_await process_.writeOut("\x1b[?1049l");
        tty->raw = wasRaw;
        co_return 0;
    }

private:
    int rows() const { return std::max(1, process_.terminal()->size.rows - 1); }
    int most() const { return std::max(0, static_cast<int>(lines_.size()) - rows()); }

    sim::Task<void> command(char c, int count, std::shared_ptr<sim::Pipe> keys) {
        const int n = std::max(1, count);
        switch (c) {
        case ' ':
        case 'f':
        case 0x06: top_ += rows(); break;
        case 'b':
        case 0x02: top_ -= rows(); break;
        case 'd':
        case 0x04: top_ += rows() / 2; break;
        case 'u':
        case 0x15: top_ -= rows() / 2; break;
        case 'j':
        case '\r':
        case '\n':
        case 'e': top_ += n; break;
        case 'k':
        case 'y': top_ -= n; break;
        case 'g':
        case '<': top_ = count > 0 ? count - 1 : 0; break;
        case 'G':
        case '>': top_ = count > 0 ? count - 1 : most(); break;
        case 'n': find(forward_, true); break;
        case 'N': find(!forward_, true); break;
        case '/':
        case '?': {
            const std::string text = co_await prompt(c, keys);
            if (!text.empty()) pattern_ = text;
            forward_ = c == '/';
            find(forward_, false);
            break;
        }
        case 'h':
            message_ = "q quit, SPACE forward, b back, g top, G end, /text search, n next";
            break;
        default: break;
        }
        top_ = std::clamp(top_, 0, std::max(most(), 0));
    }

    sim::Task<std::string> prompt(char mark, std::shared_ptr<sim::Pipe> keys) {
        std::string text;
        while (true) {
            co_await process_.writeOut("\x1b[" + std::to_string(rows() + 1) + ";1H\x1b[K" + mark +
                                       text);
            const std::string typed = co_await keys->read(1);
            if (typed.empty() || typed[0] == '\x1b' || typed[0] == 0x03) co_return std::string();
            if (typed[0] == '\r' || typed[0] == '\n') co_return text;
            if (typed[0] == 0x7f) {
                if (!text.empty()) text.pop_back();
            } else
                text += typed;
        }
    }

    void find(bool forward, bool again) {
        if (pattern_.empty()) {
            message_ = "No previous regular expression";
            return;
        }
        RegexOptions options;
        options.extended = true;
        const Regex regex(pattern_, options);
        (void)again;
        for (int row = top_ + (forward ? 1 : -1);
             regex.ok() && row >= 0 && row < static_cast<int>(lines_.size());
             row += forward ? 1 : -1)
            if (regex.matches(lines_[static_cast<std::size_t>(row)])) {
                top_ = row;
                return;
            }
        message_ = "Pattern not found  (press RETURN)";
    }

    sim::Task<void> draw() {
        const auto width = static_cast<std::size_t>(process_.terminal()->size.columns);
        std::string out = "\x1b[H";
        int row = top_, shown = 0;
        for (; shown < rows(); ++row, ++shown) {
            if (row >= static_cast<int>(lines_.size())) {
                out += "~\x1b[K\r\n";
                continue;
            }
            std::string text =
                base::replaceAll(lines_[static_cast<std::size_t>(row)], "\t", "        ");
            if (numbers_) {
                std::string label = std::to_string(row + 1);
                label.insert(0, label.size() < 7 ? 7 - label.size() : 0, ' ');
                text = label + " " + text;
            }
            if (text.size() > width) {
                // Long lines wrap.
                const std::size_t extra = (text.size() - 1) / width;
                if (shown + static_cast<int>(extra) >= rows())
                    text.resize(width * static_cast<std::size_t>(rows() - shown));
                else
                    shown += static_cast<int>(extra);
            }
            out += text + "\x1b[K" + (text.size() % width == 0 && !text.empty() ? "" : "\r\n");
        }
        const bool end = row >= static_cast<int>(lines_.size());
        std::string status = message_.empty() ? (end                           ? "(END)"
                                                 : top_ == 0 && !name_.empty() ? name_
                                                                               : ":")
                                              : message_;
        if (end || !message_.empty() || (top_ == 0 && !name_.empty()))
            status = "\x1b[7m" + status + "\x1b[0m";
        co_await process_.writeOut(out + "\x1b[" + std::to_string(rows() + 1) + ";1H\x1b[K" +
                                   status);
    }

    ports::Process& process_;
    Strings lines_;
    std::string name_, pattern_, message_;
    int top_ = 0;
    bool forward_ = true, numbers_ = false;
};

sim::Task<int> lessMain(ports::Process& process, Strings argv) {
    Options options(argv, "NSRFXEeiIMmnrsqfw", {});
    if (!options.ok()) {
        co_await process.writeError(options.error());
        co_return 1;
    }
    if (options.operands.empty() && process.isTerminal(0)) {
        co_await process.writeError("Missing filename (\"less --help\" for help)\n");
        co_return 1;
    }
    std::string text, name;
    int status = 0;
    for (const std::string& path : options.operands.empty() ? Strings{"-"} : options.operands) {
        const auto whole = co_await readWhole(process, path);
        if (!whole.ok()) {
            std::string message = path + ": " + whole.error().message + "\n";
            if (whole.error().message == "Is a directory") message = path + " is a directory\n";
            co_await process.writeError(std::move(message));
            status = 1;
            continue;
        }
        text += *whole;
        if (path != "-") name = path;
    }
    if (status != 0) co_return status;
    Strings lines = base::splitLines(text);
    const auto tty = process.terminal();
    const bool fits = tty && options.has('F') && static_cast<int>(lines.size()) < tty->size.rows;
    if (!tty || !process.isTerminal(1) || fits) {
        Out out(process);
        out << text;
        const bool written = co_await out.flush();
        co_return written ? 0 : 141;
    }
    Pager pager(process, std::move(lines), name);
    const int ended = co_await pager.run(options.has('N'));
    co_return ended;
}

} // namespace

const CoreutilEntry kPagerTools[] = {{"less", lessMain}, {"more", lessMain}, {nullptr, nullptr}};

} // namespace shell
