#include "machine/journal.h"

namespace machine {

void Journal::beginBoot(std::string id) {
    boots_.push_back({std::move(id), kernel_.unixNow(), kernel_.unixNow(), kernel_.now()});
}

void Journal::append(JournalLine line) {
    if (boots_.empty()) beginBoot("0");
    line.sequence = next_++;
    line.realtime = kernel_.unixNow();
    line.boot = static_cast<int>(boots_.size()) - 1;
    line.monotonic = kernel_.now() - boots_.back().started;
    boots_.back().last = line.realtime;
    lines_.push_back(std::move(line));
    if (lines_.size() > kKeep) lines_.pop_front();
    changed_.notify();
}

} // namespace machine
