#pragma once
// Files of a kustomization: below its folder only. Source: kustomize api/internal/loader.

#include "base/result.h"
#include "ports/program.h"

#include <memory>
#include <string>
#include <vector>

namespace kubectl::kustomize {

class Loader {
public:
    // `path` is as typed; it must be a folder.
    static base::Result<Loader> open(ports::Process& process, const std::string& path, bool anywhere);
    base::Result<Loader> below(const std::string& path) const; // another kustomization

    const std::string& root() const { return root_; }
    base::Result<std::string> load(const std::string& path) const;

private:
    Loader(ports::Process& process, std::string root, bool anywhere)
        : process_(&process), root_(std::move(root)), anywhere_(anywhere) {}
    // The folder, or the folder and the file's name.
    base::Result<std::pair<std::string, std::string>> resolve(const std::string& path) const;
    base::Result<std::string> confirmFolder(const std::string& path) const;

    ports::Process* process_;
    std::string root_;
    bool anywhere_;
    std::vector<std::string> visited_; // roots of those that refer to this one
};

} // namespace kubectl::kustomize
