#pragma once
// Finds the objects that a command line speaks of: files, directories, standard input, kustomizations,
// "type name...", "type/name", selectors. Source: k8s.io/cli-runtime pkg/resource builder.go, visitor.go.

#include "kubectl/core/session.h"

#include <optional>
#include <string>
#include <vector>

namespace kubectl {

struct Info {
    Mapping mapping;
    std::string ns, name, source;
    document::Value object; // null when it was not fetched
    bool isList = false;    // a whole list, from a selector without flatten

    std::string path(std::string_view subresource = {}) const {
        return mapping.path(ns, name, subresource);
    }
    std::string objectName() const; // "deployments/web"
    // As Go prints a resource.Info in error texts.
    std::string describe() const;
};

struct Found {
    std::optional<Info> info;
    base::Error error; // when there is no info
};

struct BuildOptions {
    std::vector<std::string> args;
    std::vector<std::string> filenames;
    std::string kustomize;
    bool recursive = false;
    std::string labelSelector, fieldSelector;
    bool all = false;
    bool allowEmptySelectors = false; // a bare type means all objects (ResourceTypeOrNameArgs true)
    bool allNamespaces = false;
    bool enforceNamespace = false;
    bool defaultNamespace = true;
    bool withoutNamespace = false; // names are of kinds that have none
    bool flatten = true;
    bool latest = false;         // fetch what came from files
    bool requireObject = true;   // fetch what came by name
    bool continueOnError = true;
    bool local = false;          // no server
    bool singleResourceType = false;
    bool validate = false;       // check that files have kind and apiVersion
    std::string subresource;
    std::int64_t chunk = 500;
    std::string accept = "application/json";
    bool includeObject = false;  // Tables with whole objects
    std::vector<std::string> impliedTypes; // a single argument is a name of this type ("nodes")
};

struct Built {
    std::vector<Found> items;       // in order; errors in place
    bool singleItemImplied = false;
    bool targetsSingleItems = true;
    std::vector<Mapping> mappings;  // of selectors

    std::vector<Info> infos() const;
    std::vector<base::Error> errors() const;
};

// Calls `visit` for each object, whatever became of the others; what went wrong is told together.
using Visit = base::Function<sim::Task<base::Status>(Info)>;
sim::Task<base::Status> visitEach(Built built, Visit visit);

// The -f, -R, -k, -l, --field-selector, --all, -A, -n of the command line.
BuildOptions buildOptions(Session& session);
sim::Task<base::Result<Built>> build(Session& session, BuildOptions options);

// Documents of a manifest text with Go's error texts ("error parsing NAME: ...").
struct ManifestDocument {
    document::Value value;
};
base::Result<std::vector<document::Value>> parseManifest(std::string_view text, const std::string& source,
                                                         std::vector<document::Value>* before = nullptr);
// Errors that need no server (manifest_checks.cpp): apiVersion and kind, then what cannot be decoded.
base::Status checkSchema(const document::Value& value, const std::string& source);
base::Status checkDecodable(const document::Value& value, const std::string& source);
// The mapping of an object's kind, as when it came from a file.
sim::Task<base::Result<Mapping>> mappingForObject(Session& session, document::Value object,
                                                  std::string source);
// Files below a path as -f reads them.
base::Result<std::vector<std::string>> expandPath(Session& session, const std::string& path,
                                                  bool recursive);

// One object from the server.
sim::Task<base::Result<document::Value>> fetch(Session& session, Info info,
                                               std::string subresource = {});
std::string resourceText(const Mapping& mapping); // "apps/v1, Resource=deployments"

} // namespace kubectl
