#include "kubectl/commands/wrapping.h"

#include "base/strings.h"

#include <utility>

namespace kubectl {

namespace {

std::size_t characters(const std::string& text) {
    std::size_t count = 0;
    for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    return count;
}

class WordWrapper {
public:
    explicit WordWrapper(std::size_t width) : width_(width) {}

    std::string run(const std::string& text) {
        for (const char c : text) {
            if (c == '\n') endLine();
            else if (c == ' ' || c == '\t' || c == '\r') space(c);
            else letter(c);
        }
        if (!word_.empty() || column_ + spaces_.size() <= width_) out_ += spaces_ + word_;
        return out_;
    }

private:
    void endLine() {
        if (word_.empty() && column_ + spaces_.size() > width_) spaces_.clear();
        flush();
        out_ += '\n';
        column_ = 0;
    }
    void space(char c) {
        if (spaces_.empty() || !word_.empty()) flush();
        spaces_ += c;
    }
    void letter(char c) {
        word_ += c;
        if ((static_cast<unsigned char>(c) & 0xC0) == 0x80) return;
        const std::size_t length = characters(word_);
        if (column_ + length + spaces_.size() > width_ && length < width_) {
            out_ += '\n';
            column_ = 0;
            spaces_.clear();
        }
    }
    void flush() {
        column_ += spaces_.size() + characters(word_);
        out_ += std::exchange(spaces_, {}) + std::exchange(word_, {});
    }

    std::size_t width_, column_ = 0;
    std::string out_, word_, spaces_;
};

bool isBullet(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    if (at > 0 && at < text.size() && text[at] == '.') ++at;
    else if (at == 0 && !text.empty() && (text[0] == '-' || text[0] == '*')) at = 1;
    return at > 0 && at < text.size() && text[at] == ' ';
}

} // namespace

std::string wrapWords(const std::string& text, std::size_t width) { return WordWrapper(width).run(text); }

std::vector<std::string> wrapParagraphs(const std::string& text, std::size_t width) {
    std::vector<std::string> out;
    std::string line, last;
    const auto flush = [&] {
        if (line.empty()) return;
        last.clear();
        out.push_back(std::exchange(line, {}));
    };
    for (const std::string& part : base::split(text, '\n')) {
        const std::string_view body = base::trim(part);
        if (part.starts_with("    ")) {
            flush();
            out.push_back(part);
            continue;
        }
        if (!out.empty() && body.empty()) {
            flush();
            out.emplace_back();
            continue;
        }
        if (last.ends_with(':') || body.empty() || isBullet(body)) flush();
        for (const std::string& word : base::splitFields(part)) {
            if (!line.empty() && line.size() + 1 + word.size() > width) flush();
            line += (line.empty() ? "" : " ") + word;
            last = word;
        }
    }
    flush();
    return out;
}

} // namespace kubectl
