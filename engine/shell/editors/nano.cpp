// nano: the same text as vi's, with nano's keys. Source: nano's help line.

#include "shell/coreutils/coreutils.h"
#include "shell/editors/vi.h"

#include <algorithm>

namespace shell {

sim::Task<int> Vi::runNano(std::string path) {
    const auto tty = process_.terminal();
    if (!tty || !process_.isTerminal(0) || !process_.isTerminal(1)) {
        co_await process_.writeError("Standard input is not a terminal\n");
        co_return 1;
    }
    load(path);
    if (isNew_)
        message("[ New File ]");
    else if (!path.empty())
        message("[ Read " + std::to_string(lines_.size()) + " lines ]");
    tty->raw = true;
    co_await process_.writeOut("\x1b[?1049h\x1b[2J");
    modeText_ = "^G Help  ^O Write Out  ^W Where Is  ^K Cut  ^U Paste  ^X Exit";
    while (!finished_) {
        clamp(true);
        visualStart_.reset();
        const int c = co_await key();
        message("");
        if (c < 0) break;
        co_await nanoKey(c);
    }
    co_await process_.writeOut("\x1b[" + std::to_string(textRows() + 1) + ";1H\x1b[K\x1b[?1049l");
    tty->raw = false;
    co_return 0;
}

sim::Task<bool> Vi::nanoSave() {
    const auto name = co_await readLine("File Name to Write: ", path_);
    if (!name || name->empty()) co_return false;
    const bool saved = co_await save(*name, true);
    if (saved) message("[ Wrote " + std::to_string(lines_.size()) + " lines ]");
    co_return saved;
}

sim::Task<void> Vi::nanoKey(int c) {
    switch (c) {
    case 0x18: // ^X
        if (modified_) {
            message("Save modified buffer?  Y Yes  N No  ^C Cancel");
            const int answer = co_await key();
            message("");
            if (answer == 'y' || answer == 'Y') {
                const bool saved = co_await nanoSave();
                if (!saved) co_return;
            } else if (answer != 'n' && answer != 'N') {
                co_return;
            }
        }
        finished_ = true;
        break;
    case 0x0f:
    case 0x13: co_await nanoSave(); break;
    case 0x17: {
        const auto text = co_await readLine("Search: ", "");
        Position found;
        if (text && !text->empty() && search(*text, true, cursor_, found)) cursor_ = found;
        break;
    }
    case 0x0b:
        applyLines('d', cursor_.row, cursor_.row);
        message("");
        break;
    case 0x15: put(false, 1); break;
    case 0x01:
    case 0x105: cursor_.column = 0; break;
    case 0x05:
    case 0x106: cursor_.column = lengthOf(cursor_.row); break;
    case 0x10:
    case 0x101: --cursor_.row; break;
    case 0x0e:
    case 0x102: ++cursor_.row; break;
    case 0x06:
    case 0x103: ++cursor_.column; break;
    case 0x02:
    case 0x104: --cursor_.column; break;
    case 0x19:
    case 0x108: cursor_.row -= textRows(); break;
    case 0x16:
    case 0x109: cursor_.row += textRows(); break;
    case 0x04:
    case 0x107:
        remember();
        if (cursor_.column < lengthOf(cursor_.row))
            erase(cursor_, {cursor_.row, cursor_.column + 1});
        else if (cursor_.row < lastRow())
            erase(cursor_, {cursor_.row + 1, 0});
        break;
    case 0x7f:
    case 0x08:
        remember();
        if (cursor_.column > 0) {
            const Position from{cursor_.row, cursor_.column - 1};
            erase(from, cursor_);
        } else if (cursor_.row > 0) {
            const Position from{cursor_.row - 1, lengthOf(cursor_.row - 1)};
            erase(from, cursor_);
        }
        break;
    case '\r':
    case '\n':
        remember();
        insertText("\n");
        break;
    default:
        if (c == '\t' || (c >= 32 && c < 256)) {
            remember();
            insertText(std::string(1, static_cast<char>(c)));
        }
        break;
    }
}

} // namespace shell
