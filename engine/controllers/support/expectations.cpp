#include "controllers/support/expectations.h"

namespace controllers {
namespace {
constexpr sim::Duration kTimeout = 5 * sim::kMinute;
} // namespace

bool Expectations::satisfied(std::string_view key) const {
    const auto place = entries_.find(key);
    if (place == entries_.end()) return true;
    const Entry& entry = place->second;
    if (entry.creations <= 0 && entry.deletions.empty()) return true;
    return kernel_.now() - entry.since > kTimeout;
}

void Expectations::expectCreations(const std::string& key, int count) {
    Entry& entry = entries_[key];
    entry = Entry();
    entry.creations = count;
    entry.since = kernel_.now();
}

void Expectations::expectDeletions(const std::string& key,
                                   const std::vector<std::string>& objects) {
    Entry& entry = entries_[key];
    entry = Entry();
    entry.deletions.insert(objects.begin(), objects.end());
    entry.since = kernel_.now();
}

void Expectations::creationObserved(std::string_view key, int count) {
    const auto place = entries_.find(key);
    if (place != entries_.end()) place->second.creations -= count;
}

void Expectations::deletionObserved(std::string_view key, std::string_view object) {
    const auto place = entries_.find(key);
    if (place == entries_.end()) return;
    const auto item = place->second.deletions.find(object);
    if (item != place->second.deletions.end()) place->second.deletions.erase(item);
}

void Expectations::forget(std::string_view key) {
    const auto place = entries_.find(key);
    if (place != entries_.end()) entries_.erase(place);
}

} // namespace controllers
