#pragma once
// Exponential back-off per key. Source: client-go util/flowcontrol/backoff.go.

#include "sim/time.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

namespace kubelet {

class Backoff {
public:
    Backoff(sim::Duration initial, sim::Duration maximum) : initial_(initial), maximum_(maximum) {}

    sim::Duration get(std::string_view key) const {
        const auto found = entries_.find(key);
        return found == entries_.end() ? 0 : found->second.delay;
    }
    void next(const std::string& key, sim::Time event, sim::Time now) {
        const auto found = entries_.find(key);
        if (found == entries_.end() || expired(event, found->second.updated))
            entries_[key] = Entry{initial_, now};
        else
            found->second = Entry{std::min(found->second.delay * 2, maximum_), now};
    }
    // Less time than the delay has passed since the event.
    bool waitingSince(std::string_view key, sim::Time event, sim::Time now) const {
        const auto found = entries_.find(key);
        if (found == entries_.end() || expired(event, found->second.updated)) return false;
        return now - event < found->second.delay;
    }
    // Less time than the delay has passed between the last change and the event.
    bool waitingSinceUpdate(std::string_view key, sim::Time event) const {
        const auto found = entries_.find(key);
        if (found == entries_.end() || expired(event, found->second.updated)) return false;
        return event - found->second.updated < found->second.delay;
    }
    sim::Time updated(std::string_view key) const {
        const auto found = entries_.find(key);
        return found == entries_.end() ? 0 : found->second.updated;
    }
    void remove(std::string_view prefix) {
        for (auto it = entries_.lower_bound(prefix); it != entries_.end() && it->first.rfind(prefix, 0) == 0;)
            it = entries_.erase(it);
    }

private:
    struct Entry {
        sim::Duration delay = 0;
        sim::Time updated = 0;
    };
    bool expired(sim::Time event, sim::Time updated) const { return event - updated > maximum_ * 2; }

    sim::Duration initial_, maximum_;
    std::map<std::string, Entry, std::less<>> entries_;
};

} // namespace kubelet
