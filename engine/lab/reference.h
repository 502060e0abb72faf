#pragma once
// The reference of kinds and fields that learners look things up in: what `kubectl explain` knows,
// with our own descriptions in both languages and a search over names and texts.
// Paths are those of `kubectl explain`: "deployments.spec.template".

#include "lab/pack.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lab {

struct ReferenceField {
    std::string name, type; // "[]Container", "string"
    std::string path;       // of its page; empty: it has no fields of its own
    bool required = false;
    Text text; // may be empty
};

struct ReferencePage {
    std::string path, kind, apiVersion;
    std::string type; // Go's name: "PodSpec"
    std::vector<std::string> shortNames;
    bool namespaced = false;
    Text text;
    std::vector<ReferenceField> fields; // in the order of the type
};

// Empty where the path leads to nothing with fields.
std::optional<ReferencePage> referencePage(std::string_view path);

struct ReferenceHit {
    std::string path;  // page to open
    std::string field; // on that page; empty: the page itself
    std::string title; // "Deployment", "Container.imagePullPolicy"
    Text text;
};

// Best first: kinds and fields of that name, then names that hold every word, then texts that do.
// Without words: every kind.
std::vector<ReferenceHit> searchReference(std::string_view words, std::string_view language, std::size_t limit);

// The description of a field of a built-in type ("core.v1.PodSpec", "containers"), or of the type
// itself where `field` is empty; empty: none known.
Text describeField(std::string_view type, std::string_view field);

} // namespace lab
