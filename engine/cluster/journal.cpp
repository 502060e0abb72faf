// The journal of inputs as a save file: the same inputs at the same instants make the same world.
#include "base/strings.h"
#include "cluster/state.h"

namespace cluster {
namespace {

base::Error diverged(const std::string& where) {
    return base::makeError("the recorded world and this one differ " + where, 0, "JournalDiverged");
}

ports::TerminalSize sizeOf(std::string_view text) { // "100x30"
    const auto parts = base::split(text, 'x');
    ports::TerminalSize size;
    if (parts.size() != 2) return size;
    size.columns = static_cast<int>(base::parseInt(parts[0]).value_or(80));
    size.rows = static_cast<int>(base::parseInt(parts[1]).value_or(24));
    return size;
}

void takeShown(RestoredSession& restored) {
    std::string bytes = restored.session->screen->tryRead();
    if (!bytes.empty()) restored.shown.back().bytes += bytes;
}

constexpr std::uint64_t kReportEvery = 16'384; // events

struct Replay {
    Cluster& cluster;
    std::uint64_t from, to; // event counts
    ReplayProgress progress;
    std::vector<RestoredSession> sessions;

    RestoredSession* find(const std::string& number) {
        for (auto& each : sessions)
            if (std::to_string(each.session->number) == number) return &each;
        return nullptr;
    }

    // All events of the recorded world up to the instant, and not one more.
    bool advance(const Moment& until) {
        sim::Kernel& kernel = cluster.kernel();
        while (kernel.eventCount() < until.events && kernel.nextEventTime() <= until.at) {
            kernel.step();
            if (progress && kernel.eventCount() % kReportEvery == 0) report();
        }
        if (kernel.eventCount() == until.events && kernel.now() < until.at && kernel.nextEventTime() > until.at) kernel.runUntil(until.at);
        return cluster.moment() == until;
    }

    void report() const {
        const double done = static_cast<double>(cluster.kernel().eventCount() - from);
        progress(to > from ? done / static_cast<double>(to - from) : 1.0);
    }

    bool apply(const JournalEntry& entry);
};

bool Replay::apply(const JournalEntry& entry) {
    if (entry.kind == "open") {
        const ports::TerminalSize size = sizeOf(entry.data);
        sessions.push_back({cluster.openSession(entry.target, size), false, {{size, {}}}});
    } else if (entry.kind == "write") {
        const auto colon = entry.target.find(':');
        // A write that failed then fails now.
        (void)cluster.writeFile(entry.target.substr(0, colon), entry.target.substr(colon + 1), entry.data);
    } else if (entry.kind == "run") {
        const auto parts = base::splitLimited(entry.data, '\n', 3); // shell, limit, command
        if (parts.size() != 3) return false;
        cluster.run(parts[0], entry.target, parts[2], base::parseInt(parts[1]).value_or(0));
    } else if (entry.kind == "probe") {
        const auto parts = base::splitLimited(entry.data, '\n', 4); // host, port, timeout, path
        if (parts.size() != 4) return false;
        cluster.probe(entry.target, parts[0], static_cast<std::uint16_t>(base::parseInt(parts[1]).value_or(0)), parts[3],
                      base::parseInt(parts[2]).value_or(0));
    } else if (RestoredSession* session = find(entry.target); session != nullptr) {
        takeShown(*session);
        if (entry.kind == "keys") {
            cluster.type(*session->session, entry.data);
        } else if (entry.kind == "close") {
            session->closed = true;
            cluster.closeSession(*session->session);
        } else if (entry.kind == "resize") {
            const ports::TerminalSize size = sizeOf(entry.data);
            session->shown.push_back({size, {}});
            cluster.resize(*session->session, size);
        } else {
            return false;
        }
    } else {
        return false;
    }
    return true;
}

} // namespace

const std::vector<JournalEntry>& Cluster::journal() const { return state_->journal; }

Moment Cluster::moment() {
    const sim::Kernel& kernel = state_->kernel;
    return {kernel.now(), kernel.eventCount(), kernel.fingerprint()};
}

base::Result<std::vector<RestoredSession>> Cluster::replay(const std::vector<JournalEntry>& inputs, const Moment& end,
                                                           ReplayProgress progress) {
    Replay replay{*this, state_->kernel.eventCount(), end.events, std::move(progress), {}};
    std::size_t number = 0;
    for (const JournalEntry& entry : inputs) {
        ++number;
        const std::string where = "before input " + std::to_string(number) + " of " + std::to_string(inputs.size());
        if (!replay.advance(entry.before)) return diverged(where);
        if (!replay.apply(entry)) return base::makeError("an input of the journal is not understood " + where, 0, "JournalDiverged");
    }
    if (!replay.advance(end)) return diverged("after the last input");
    for (auto& session : replay.sessions) takeShown(session);
    return std::move(replay.sessions);
}

} // namespace cluster
