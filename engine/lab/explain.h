#pragma once
// Why a command failed, in the learner's words: from the error's structure (reason, causes, field
// path), the tables of kinds, the manifest that was given and the state of the cluster. It never
// changes what the command itself printed.

#include "cluster/facade.h"
#include "lab/pack.h"

#include <string>
#include <vector>

namespace lab {

struct Explanation {
    Text title;             // what is wrong, one line
    Text text;              // what it means and what to do
    std::string field;      // "spec.template.spec.containers[0].image"; may be empty
    Text documentation;     // of that field; may be empty
    std::string source;     // file, or "stdin"; may be empty
    int line = 0;           // from 1; 0: unknown
    std::string lineText;
    std::string suggestion; // a word, a name or a command to try; may be empty
};

// `failure`: what kubectl recorded (see kubectl/core/failure.h). `command`: as it was typed, with its
// here-documents. Empty when there is nothing helpful to say.
std::vector<Explanation> explainFailure(const document::Value& failure, std::string_view host, std::string_view command,
                                        cluster::Cluster& cluster);

} // namespace lab
