#pragma once
// Creations and deletions that a controller has asked for and not yet seen in its cache. A sync
// acts only when its expectations are met or five minutes old. Source: kubernetes
// pkg/controller/controller_utils.go (UIDTrackingControllerExpectations).

#include "sim/kernel.h"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace controllers {

class Expectations {
public:
    explicit Expectations(sim::Kernel& kernel) : kernel_(kernel) {}

    bool satisfied(std::string_view key) const;
    void expectCreations(const std::string& key, int count);
    void expectDeletions(const std::string& key, const std::vector<std::string>& objects);
    void creationObserved(std::string_view key, int count = 1);
    void deletionObserved(std::string_view key, std::string_view object);
    void forget(std::string_view key);

private:
    struct Entry {
        int creations = 0;
        std::set<std::string, std::less<>> deletions;
        sim::Time since = 0;
    };
    sim::Kernel& kernel_;
    std::map<std::string, Entry, std::less<>> entries_;
};

} // namespace controllers
