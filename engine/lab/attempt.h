#pragma once
// One learner's run of a pack: a cluster, the tasks, grading by what the cluster does.

#include "cluster/facade.h"
#include "lab/pack.h"

#include <memory>
#include <string>
#include <vector>

namespace lab {

struct CheckResult {
    std::string id;
    Text title;
    bool passed = false;
    double weight = 1;
    Text expected, observed;
    std::string cause;     // the journal entry that made it so: "kubectl apply -f web.yaml"; may be empty
    sim::Time causeAt = 0;
};

struct TaskResult {
    std::string taskId;
    double score = 0; // 0-100
    bool guardBroken = false;
    std::vector<CheckResult> checks, guards;
};

struct ExamResult {
    double score = 0; // 0-100, weighted
    bool passed = false;
    std::vector<TaskResult> tasks;
};

class Attempt {
public:
    // Boots the pack's blueprint and runs the setup of the pack and of all its tasks; of an isolated
    // pack only that of `task`.
    static base::Result<std::unique_ptr<Attempt>> begin(Pack pack, std::uint64_t seed, std::size_t task = 0);
    // The same attempt again, after a restart of the program: begins, gives the cluster the learner's
    // inputs and stands at `end`. Fails where this program makes another world of them.
    static base::Result<std::unique_ptr<Attempt>> resume(Pack pack, std::uint64_t seed, std::size_t task,
                                                         const std::vector<cluster::JournalEntry>& inputs,
                                                         const cluster::Moment& end, cluster::ReplayProgress progress = {});
    ~Attempt();

    const Pack& pack() const;
    cluster::Cluster& cluster();
    // The journal's entries from this one on are the learner's and the grader's; before it lies the setup.
    std::size_t firstInput() const;
    // Sessions that `resume` has brought back; empty after they were taken.
    std::vector<cluster::RestoredSession> takeRestored();
    // Grading only observes: probes run on the live cluster and leave no object behind.
    TaskResult grade(std::size_t task);
    ExamResult gradeAll();
    // A task's own part as it was at the beginning (practice profile).
    base::Status resetTask(std::size_t task);

private:
    struct State;
    explicit Attempt(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// `timonel pack test`: untouched = 0, references = 100, wrong solutions = what they say, over seeds.
struct ProofRow {
    std::string task, solution; // solution "" = untouched
    std::uint64_t seed = 0;
    double expected = 0, got = 0;
    std::string detail; // failing checks with expected and observed
    bool ok() const { return expected - got < 0.01 && got - expected < 0.01; }
};
// `each` hears of every row as it is known, and how many there will be; false ends the proof early.
using ProofListener = base::Function<bool(const ProofRow& row, std::size_t total)>;
std::vector<ProofRow> provePack(const Pack& pack, const std::vector<std::uint64_t>& seeds, const ProofListener& each = {});

// Packs that come with the program.
std::vector<Pack> builtinPacks();

} // namespace lab
