#pragma once
// The manifest that a failed command was given, and where in it a field stands.

#include "cluster/facade.h"
#include "document/yaml.h"

#include <string>
#include <string_view>
#include <vector>

namespace lab {

// "spec.containers[0].image" -> {"spec", "containers", "0", "image"}; "labels[a.b/c]" keeps its key.
std::vector<std::string> splitFieldPath(std::string_view path);

class ManifestView {
public:
    // Reads the files of `-f`, or the here-document of the command for `-f -`.
    static std::vector<ManifestView> of(const document::Value& failure, std::string_view host, std::string_view command,
                                        cluster::Cluster& cluster);

    const std::string& source() const { return source_; }
    bool readable() const { return problem_.empty(); }
    const std::string& problem() const { return problem_; } // of the YAML, without its place
    int problemLine() const { return problemLine_; }
    std::string line(int number) const;

    // The document that fits best: it has the field, or is of that kind and name.
    const document::YamlDocument* find(const std::vector<std::string>& path, std::string_view kind, std::string_view name) const;
    // Of the field, or of its nearest ancestor that is there; 0: unknown.
    int lineOf(const document::YamlDocument& document, std::vector<std::string> path) const;

private:
    ManifestView(std::string source, std::string text);

    std::string source_, text_, problem_;
    int problemLine_ = 0;
    std::vector<document::YamlDocument> documents_;
};

} // namespace lab
