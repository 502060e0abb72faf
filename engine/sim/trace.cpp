#include "sim/trace.h"

namespace sim {

CauseId Trace::record(Time at, std::string kind, std::string text, std::string subject) {
    records_.push_back({next_, current_, at, std::move(kind), std::move(text), std::move(subject)});
    if (records_.size() > kKeep) records_.pop_front();
    return next_++;
}

const TraceRecord* Trace::find(CauseId id) const {
    if (records_.empty() || id < records_.front().id || id >= next_) return nullptr;
    return &records_[id - records_.front().id];
}

std::vector<TraceRecord> Trace::chain(CauseId id) const {
    std::vector<TraceRecord> links;
    for (const TraceRecord* record = find(id); record != nullptr; record = find(record->parent))
        links.push_back(*record);
    return links;
}

std::vector<TraceRecord> Trace::since(CauseId after, std::size_t limit) const {
    std::vector<TraceRecord> found;
    if (records_.empty()) return found;
    const CauseId first = records_.front().id;
    for (std::size_t i = after >= first ? after - first + 1 : 0;
         i < records_.size() && found.size() < limit; ++i)
        found.push_back(records_[i]);
    return found;
}

} // namespace sim
