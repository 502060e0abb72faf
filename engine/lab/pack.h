#pragma once
// A pack: a lesson, a drill or an exam as data. Folder or archive with pack.yaml; format and limits in
// docs/packs.md. Everything that a learner reads exists in English and Spanish.

#include "base/result.h"
#include "document/value.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {
struct Blueprint;
}

namespace lab {

struct Text {
    std::string en, es;
    const std::string& in(std::string_view language) const { return language == "es" ? es : en; }
};

enum class PackKind : std::uint8_t { Lesson, Drill, Exam };

struct SetupStep { // done in order
    std::string kind;  // "apply" (manifest), "write" (file), "run" (command), "wait" (seconds), "until" (command that must succeed)
    std::string host;  // write, run, until; empty: the task's host
    std::string path;  // write
    std::string text;  // manifest, file content or command
    double seconds = 0; // wait: how long; until: at most
    int line = 0;      // in pack.yaml, for messages
};

struct Check {
    std::string id;
    std::string kind;      // see docs/packs.md: object, count, reachable, http, dns, nodeReady, file, unit, canI, command
    Text title;            // what it asks, as the result list shows it
    document::Value spec;  // the kind's own fields, as written
    double weight = 1;     // within the task
    int line = 0;
};

struct Solution {
    std::string name;
    std::vector<SetupStep> steps; // commands and files on hosts
    double expectedScore = 100;   // 0-100 of the task
};

struct Task {
    std::string id;
    Text title, body; // body: Markdown subset (docs/packs.md)
    std::string domain; // "troubleshooting", "architecture", "services", "workloads", "storage"
    std::string host;   // where the learner works
    double weight = 1;  // percent of an exam
    std::vector<Text> hints;
    std::vector<SetupStep> setup;
    std::vector<SetupStep> reset; // undoes the learner's work before setup is done again
    std::vector<Check> checks;
    std::vector<Check> guards; // a broken guard costs the whole task
    std::vector<Solution> references, wrong;
    Text explanation;   // shown with the solution afterwards
};

struct Pack {
    int formatVersion = 1;
    std::string id;
    PackKind kind = PackKind::Drill;
    Text title, summary;
    std::string blueprint = "bench"; // its name
    std::shared_ptr<const cluster::Blueprint> ownBlueprint; // instead of a named one
    std::vector<SetupStep> setup;
    std::vector<Task> tasks; // steps of a lesson
    int minutes = 0;         // exam clock; 0: none
    int passPercent = 66;
    bool isolated = false;   // each task has a cluster of its own
    bool strict = false;     // exam profile: no hints, no instant check
    std::string source;      // where it was read from, for messages
};

// Relative path -> content; from a folder, an archive or the embedded packs.
using PackFiles = std::map<std::string, std::string>;

struct Problem {
    std::string place; // "pack.yaml:12:5"
    std::string message;
};
struct ReadPackResult {
    Pack pack;
    std::vector<Problem> problems; // not empty: the pack must not be used
};
ReadPackResult readPack(const PackFiles& files, std::string_view source);

} // namespace lab
