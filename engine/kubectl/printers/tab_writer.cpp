#include "kubectl/printers/tab_writer.h"

#include "base/strings.h"

#include <algorithm>
#include <vector>

namespace kubectl {
namespace {

class Aligner {
public:
    Aligner(std::string_view text, std::size_t minWidth, std::size_t padding)
        : minWidth_(minWidth), padding_(padding) {
        for (const std::string& line : base::split(text, '\n'))
            lines_.push_back(base::split(line, '\t'));
    }
    std::string run() {
        format(0, lines_.size());
        if (!out_.empty()) out_.pop_back(); // the split made one line too many
        return std::move(out_);
    }

private:
    void print(std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to; ++i) {
            const auto& line = lines_[i];
            for (std::size_t j = 0; j < line.size(); ++j) {
                out_ += line[j];
                if (j + 1 < line.size() && j < widths_.size()) {
                    const std::size_t used = runeCount(line[j]);
                    if (used < widths_[j]) out_.append(widths_[j] - used, ' ');
                }
            }
            out_ += '\n';
        }
    }
    void format(std::size_t from, std::size_t to) {
        const std::size_t column = widths_.size();
        for (std::size_t i = from; i < to; ++i) {
            if (column + 1 >= lines_[i].size()) continue;
            print(from, i);
            from = i;
            std::size_t width = minWidth_;
            for (; i < to && column + 1 < lines_[i].size(); ++i)
                width = std::max(width, runeCount(lines_[i][column]) + padding_);
            widths_.push_back(width);
            format(from, i);
            widths_.pop_back();
            from = i;
        }
        print(from, to);
    }

    std::size_t minWidth_, padding_;
    std::vector<std::vector<std::string>> lines_;
    std::vector<std::size_t> widths_;
    std::string out_;
};

} // namespace

std::size_t runeCount(std::string_view text) {
    std::size_t count = 0;
    for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    return count;
}

std::string alignTabs(std::string_view text, std::size_t minWidth, std::size_t padding) {
    if (text.empty()) return {};
    return Aligner(text, minWidth, padding).run();
}

} // namespace kubectl
