#include "lab/attempt.h"

#include "base/assets.h"
#include "lab/check.h"

namespace lab {

struct Attempt::State {
    Pack pack;
    std::unique_ptr<cluster::Cluster> cluster;
    std::size_t firstInput = 0;
    std::vector<cluster::RestoredSession> restored;
};

Attempt::Attempt(std::unique_ptr<State> state) : state_(std::move(state)) {}
Attempt::~Attempt() = default;

base::Result<std::unique_ptr<Attempt>> Attempt::begin(Pack pack, std::uint64_t seed, std::size_t only) {
    auto state = std::make_unique<State>();
    if (!pack.ownBlueprint) {
        BASE_TRY(auto named, cluster::builtinBlueprint(pack.blueprint));
        pack.ownBlueprint = std::make_shared<const cluster::Blueprint>(std::move(named));
    }
    BASE_TRY(state->cluster, cluster::Cluster::create(*pack.ownBlueprint, seed));
    BASE_CHECK(state->cluster->boot());
    const std::string home = state->cluster->hosts().front();
    BASE_CHECK(perform(pack.setup, home, *state->cluster));
    for (std::size_t i = 0; i < pack.tasks.size(); ++i)
        if (!pack.isolated || i == only) BASE_CHECK(perform(pack.tasks[i].setup, pack.tasks[i].host, *state->cluster));
    state->pack = std::move(pack);
    state->firstInput = state->cluster->journal().size();
    return std::unique_ptr<Attempt>(new Attempt(std::move(state)));
}

base::Result<std::unique_ptr<Attempt>> Attempt::resume(Pack pack, std::uint64_t seed, std::size_t task,
                                                       const std::vector<cluster::JournalEntry>& inputs,
                                                       const cluster::Moment& end, cluster::ReplayProgress progress) {
    BASE_TRY(auto attempt, begin(std::move(pack), seed, task));
    BASE_TRY(attempt->state_->restored, attempt->cluster().replay(inputs, end, std::move(progress)));
    return attempt;
}

std::size_t Attempt::firstInput() const { return state_->firstInput; }
std::vector<cluster::RestoredSession> Attempt::takeRestored() { return std::exchange(state_->restored, {}); }

const Pack& Attempt::pack() const { return state_->pack; }
cluster::Cluster& Attempt::cluster() { return *state_->cluster; }

TaskResult Attempt::grade(std::size_t index) {
    TaskResult result;
    if (index >= state_->pack.tasks.size()) return result;
    const Task& task = state_->pack.tasks[index];
    result.taskId = task.id;
    double reached = 0, total = 0;
    for (const Check& check : task.checks) {
        result.checks.push_back(evaluate(check, *state_->cluster));
        total += check.weight;
        if (result.checks.back().passed) reached += check.weight;
    }
    for (const Check& guard : task.guards) {
        result.guards.push_back(evaluate(guard, *state_->cluster));
        result.guardBroken = result.guardBroken || !result.guards.back().passed;
    }
    result.score = result.guardBroken || total == 0 ? 0 : 100 * reached / total;
    return result;
}

ExamResult Attempt::gradeAll() {
    ExamResult exam;
    double reached = 0, total = 0;
    for (std::size_t i = 0; i < state_->pack.tasks.size(); ++i) {
        exam.tasks.push_back(grade(i));
        reached += exam.tasks.back().score * state_->pack.tasks[i].weight;
        total += state_->pack.tasks[i].weight;
    }
    exam.score = total == 0 ? 0 : reached / total;
    exam.passed = exam.score >= state_->pack.passPercent;
    return exam;
}

base::Status Attempt::resetTask(std::size_t index) {
    if (index >= state_->pack.tasks.size()) return base::makeError("there is no such task");
    const Task& task = state_->pack.tasks[index];
    BASE_CHECK(perform(task.reset, task.host, *state_->cluster));
    return perform(task.setup, task.host, *state_->cluster);
}

std::vector<Pack> builtinPacks() {
    std::map<std::string, PackFiles> folders; // "scenarios/NN-name" -> files
    for (const std::string& path : base::assetPaths("scenarios/")) {
        const auto slash = path.find('/', std::string_view("scenarios/").size());
        if (slash == std::string::npos) continue;
        folders[path.substr(0, slash)][path.substr(slash + 1)] = std::string(base::asset(path));
    }
    std::vector<Pack> packs;
    for (const auto& [folder, files] : folders) {
        auto read = readPack(files, folder);
        // The tests prove every built-in pack; a broken one must not reach a learner.
        if (read.problems.empty()) packs.push_back(std::move(read.pack));
    }
    return packs;
}

} // namespace lab
