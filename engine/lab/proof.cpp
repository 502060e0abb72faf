#include "lab/attempt.h"
#include "lab/check.h"

namespace lab {
namespace {
std::string failures(const TaskResult& result) {
    std::string text;
    const auto add = [&](const CheckResult& check, const char* word) {
        if (check.passed) return;
        if (!text.empty()) text += "; ";
        text += word + check.id + ": expected " + check.expected.en + ", observed " + check.observed.en;
    };
    for (const CheckResult& check : result.checks) add(check, "");
    for (const CheckResult& guard : result.guards) add(guard, "guard ");
    return text;
}

ProofRow prove(const Pack& pack, std::size_t task, const Solution* solution, std::uint64_t seed) {
    ProofRow row;
    row.task = pack.tasks[task].id;
    row.seed = seed;
    row.solution = solution == nullptr ? "" : solution->name;
    row.expected = solution == nullptr ? 0 : solution->expectedScore;
    row.got = -1;
    auto attempt = Attempt::begin(pack, seed, task);
    if (!attempt.ok()) {
        row.detail = attempt.error().message;
        return row;
    }
    if (solution != nullptr) {
        const auto done = perform(solution->steps, pack.tasks[task].host, (*attempt)->cluster());
        if (!done.ok()) {
            row.detail = done.error().message;
            return row;
        }
    }
    const TaskResult result = (*attempt)->grade(task);
    row.got = result.score;
    row.detail = failures(result);
    return row;
}
} // namespace

std::vector<ProofRow> provePack(const Pack& pack, const std::vector<std::uint64_t>& seeds, const ProofListener& each) {
    struct Case {
        std::size_t task;
        const Solution* solution; // null: untouched
    };
    std::vector<Case> cases;
    for (std::size_t task = 0; task < pack.tasks.size(); ++task) {
        cases.push_back({task, nullptr});
        for (const Solution& solution : pack.tasks[task].references) cases.push_back({task, &solution});
        for (const Solution& solution : pack.tasks[task].wrong) cases.push_back({task, &solution});
    }
    std::vector<ProofRow> rows;
    for (const std::uint64_t seed : seeds)
        for (const Case& one : cases) {
            rows.push_back(prove(pack, one.task, one.solution, seed));
            if (each && !each(rows.back(), cases.size() * seeds.size())) return rows;
        }
    return rows;
}

} // namespace lab
