#pragma once
// Every program of the simulated world by name.

#include "ports/program.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {

class Registry final : public ports::ProgramRegistry {
public:
    // `folder`: where a node has it installed; empty: only in images.
    void add(const std::string& name, std::shared_ptr<ports::Program> program,
             std::string_view folder = "/usr/bin");
    template <typename List>
    void addAll(List list, std::string_view folder = "/usr/bin") {
        for (auto& item : list) add(item.name, std::move(item.program), folder);
    }
    std::shared_ptr<ports::Program> find(std::string_view name) const override;
    std::vector<std::string> names() const override;
    // Path -> program on nodes.
    const std::map<std::string, std::string>& installed() const { return installed_; }

private:
    std::map<std::string, std::shared_ptr<ports::Program>, std::less<>> programs_;
    std::map<std::string, std::string> installed_;
};

} // namespace cluster
