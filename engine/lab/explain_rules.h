#pragma once
// Inside of lab/explain: the rules, by the structure of the error.

#include "lab/explain.h"
#include "lab/manifest_view.h"

#include "api/kinds.h"

namespace lab {

struct ExplainContext {
    const document::Value& failure;
    cluster::Cluster& cluster;
    std::vector<ManifestView> manifests;
    std::vector<Explanation> found;
};

// By a Status of the API server (explain_status.cpp).
void explainStatus(ExplainContext& context, const document::Value& status);
void explainNotFound(ExplainContext& context, const document::Value& details); // {group, kind: plural, name}
// By the text of an error that has no Status: kubectl's own (explain_text.cpp).
void explainText(ExplainContext& context, std::string_view text);

// A field of a kind: its place in the manifest and its documentation (explain_fields.cpp).
void placeField(ExplainContext& context, Explanation& out, std::string_view kind, std::string_view name, const std::string& path);
Explanation unknownField(ExplainContext& context, std::string_view kind, const std::string& path);

std::string nearest(std::string_view word, const std::vector<std::string>& known);
const api::ResourceInfo* resourceOfKind(std::string_view group, std::string_view kind);
// Texts between double quotes, in order.
std::vector<std::string> quotedWords(std::string_view text);

} // namespace lab
