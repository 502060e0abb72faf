#include "ports/klog.h"

#include "base/strings.h"

namespace ports {
namespace {

std::string padded(int number, std::size_t width, char fill) {
    std::string text = std::to_string(number);
    return text.size() < width ? std::string(width - text.size(), fill) + text : text;
}

} // namespace

std::string klogHead(char severity, std::int64_t unixNow, int pid, std::string_view place) {
    const sim::CivilTime time = sim::civilTime(unixNow);
    return severity + padded(time.month, 2, '0') + padded(time.day, 2, '0') + " " +
           padded(time.hour, 2, '0') + ":" + padded(time.minute, 2, '0') + ":" +
           padded(time.second, 2, '0') + "." + padded(time.nanosecond / 1000, 6, '0') + " " +
           padded(pid, 7, ' ') + " " + std::string(place) + "] ";
}

std::string klogText(std::string_view message, const KlogPairs& pairs) {
    std::string text = base::quoteGo(message);
    for (const auto& [key, value] : pairs) {
        const bool bare = !key.empty() && key.front() == '#';
        text += " ";
        text += bare ? key.substr(1) : key;
        text += "=";
        // Text with line breaks goes on lines of its own.
        if (bare) text += value;
        else if (value.find('\n') == std::string::npos) text += base::quoteGo(value);
        else text += "<\n\t" + base::replaceAll(value, "\n", "\n\t") + "\n >";
    }
    return text;
}

void Klog::plain(char severity, std::string_view place, std::string_view text) const {
    const auto pipe = process_.error();
    if (!pipe) return;
    std::string line = klogHead(severity, process_.kernel().unixNow(), process_.pid(), place);
    line += text;
    line += '\n';
    (void)pipe->tryWrite(line);
}

void Klog::info(std::string_view place, std::string_view message, KlogPairs pairs) const {
    plain('I', place, klogText(message, pairs));
}

void Klog::warning(std::string_view place, std::string_view message, KlogPairs pairs) const {
    plain('W', place, klogText(message, pairs));
}

void Klog::error(std::string_view place, std::string_view message, KlogPairs pairs) const {
    plain('E', place, klogText(message, pairs));
}

} // namespace ports
