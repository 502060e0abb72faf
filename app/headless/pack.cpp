// timonel pack test|list|new PATH...

#include "commands.h"
#include "lab/archive.h"
#include "lab/attempt.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

namespace app {
namespace {
namespace fs = std::filesystem;
constexpr std::uintmax_t kMaxPackBytes = 20 * 1024 * 1024;
constexpr std::size_t kMaxFiles = 2000;

constexpr const char* kNewPack = R"(# A pack: see docs/packs.md. Check it with `timonel pack test .`
format: 1
id: my-first-pack
kind: drill
title: {en: My first pack, es: Mi primer paquete}
summary: {en: One task to start from., es: Una tarea para empezar.}
tasks:
- id: three-replicas
  title: {en: Three replicas, es: Tres réplicas}
  body:
    en: |
      Create a deployment `web` with image `nginx:1.27` and three replicas in the namespace `default`.
    es: |
      Crea un deployment `web` con la imagen `nginx:1.27` y tres réplicas en el espacio de nombres `default`.
  domain: workloads
  hints:
  - {en: "`kubectl create deployment --help` shows an example.", es: "`kubectl create deployment --help` muestra un ejemplo."}
  checks:
  - id: ready
    title: {en: Three replicas are ready, es: Hay tres réplicas listas}
    object: {resource: apps/deployments, namespace: default, name: web, path: status.readyReplicas, equals: 3}
  solutions:
  - name: reference
    steps:
    - run: kubectl create deployment web --image=nginx:1.27 --replicas=3
    - until: kubectl rollout status deployment/web --timeout=60s
  wrong:
  - name: only one replica
    score: 0
    steps:
    - run: kubectl create deployment web --image=nginx:1.27
    - wait: 20
)";

// Reads a folder; refuses links, too many and too large files.
bool readFolder(const fs::path& folder, lab::PackFiles& files, std::string& problem) {
    std::error_code error;
    std::uintmax_t total = 0;
    for (fs::recursive_directory_iterator at(folder, error), end; at != end && !error; at.increment(error)) {
        if (at->is_symlink() || !at->is_regular_file()) continue;
        total += at->file_size();
        if (total > kMaxPackBytes || files.size() >= kMaxFiles) {
            problem = "a pack has at most 20 MiB in 2000 files";
            return false;
        }
        std::ifstream in(at->path(), std::ios::binary);
        files[fs::relative(at->path(), folder).generic_string()] = std::string(std::istreambuf_iterator<char>(in), {});
    }
    if (error) problem = error.message();
    return !error;
}

bool load(const std::string& path, lab::Pack& pack) {
    lab::PackFiles files;
    std::string problem;
    if (fs::is_regular_file(path)) {
        std::error_code error;
        std::ifstream in(path, std::ios::binary);
        auto read = fs::file_size(path, error) <= kMaxPackBytes
                        ? lab::readArchive(std::string(std::istreambuf_iterator<char>(in), {}))
                        : base::Result<lab::PackFiles>(base::makeError("the archive is larger than 20 MiB"));
        if (!read.ok()) {
            std::fprintf(stderr, "%s: %s\n", path.c_str(), read.error().message.c_str());
            return false;
        }
        files = std::move(*read);
    } else if (!readFolder(path, files, problem)) {
        std::fprintf(stderr, "%s: %s\n", path.c_str(), problem.c_str());
        return false;
    }
    auto read = lab::readPack(files, path);
    for (const auto& each : read.problems) std::fprintf(stderr, "%s/%s: %s\n", path.c_str(), each.place.c_str(), each.message.c_str());
    pack = std::move(read.pack);
    return read.problems.empty();
}

int list(const std::vector<std::string>& paths) {
    std::vector<lab::Pack> packs;
    int code = 0;
    for (const std::string& path : paths) {
        lab::Pack pack;
        if (load(path, pack)) packs.push_back(std::move(pack));
        else code = 1;
    }
    if (paths.empty()) packs = lab::builtinPacks();
    for (const lab::Pack& pack : packs) {
        std::printf("%-28s %-7s %2zu tasks  %s\n", pack.id.c_str(), pack.kind == lab::PackKind::Lesson ? "lesson" : pack.kind == lab::PackKind::Exam ? "exam" : "drill",
                    pack.tasks.size(), pack.title.en.c_str());
    }
    return code;
}

int test(const std::vector<std::string>& paths, int seeds) {
    std::vector<std::uint64_t> numbers;
    for (int i = 1; i <= seeds; ++i) numbers.push_back(static_cast<std::uint64_t>(i));
    int passed = 0, failed = 0;
    for (const std::string& path : paths) {
        lab::Pack pack;
        if (!load(path, pack)) {
            ++failed;
            continue;
        }
        for (const lab::ProofRow& row : lab::provePack(pack, numbers)) {
            (row.ok() ? passed : failed) += 1;
            if (!row.ok())
                std::printf("FAIL %s %s, %s, seed %llu: %.1f, expected %.1f\n     %s\n", pack.id.c_str(), row.task.c_str(),
                            row.solution.empty() ? "untouched" : row.solution.c_str(), static_cast<unsigned long long>(row.seed), row.got, row.expected, row.detail.c_str());
        }
        std::printf("%s: %zu tasks, %d seeds\n", pack.id.c_str(), pack.tasks.size(), seeds);
        std::fflush(stdout);
    }
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}

int create(const std::string& path) {
    std::error_code error;
    if (fs::exists(path, error) && !fs::is_empty(path, error)) {
        std::fprintf(stderr, "timonel: %s exists and is not empty; name a new folder\n", path.c_str());
        return 1;
    }
    fs::create_directories(path, error);
    std::ofstream out(fs::path(path) / "pack.yaml", std::ios::binary);
    out << kNewPack;
    if (!out.flush()) {
        std::fprintf(stderr, "timonel: %s/pack.yaml cannot be written\n", path.c_str());
        return 1;
    }
    std::printf("made %s/pack.yaml; check it with: timonel pack test %s\n", path.c_str(), path.c_str());
    return 0;
}
} // namespace

int runPack(const std::string& verb, const std::vector<std::string>& paths, int seeds) {
    if (verb == "list") return list(paths);
    if (verb == "test" && !paths.empty()) return test(paths, seeds);
    if (verb == "new" && paths.size() == 1) return create(paths.front());
    std::fprintf(stderr, "timonel pack: use `pack list [FOLDER...]`, `pack test FOLDER...` or `pack new FOLDER`\n");
    return 2;
}

} // namespace app
