// iptables, iptables-save, iptables-restore (1.8.9, nf_tables). Source: xtables.c, xtables-save.c.
#include "tools/net/support.h"

#include "base/strings.h"
#include "network/netfilter/listing.h"
#include "network/netfilter/rule_set.h"

#include <algorithm>

namespace tools::net {
namespace {

using network::netfilter::Arguments;
using network::netfilter::RuleSet;
using network::netfilter::Table;

struct Command {
    char verb = 0; // A I D R C L S F Z N X P E
    Table table = Table::Filter;
    std::string chain, second; // second: new name or policy
    std::size_t position = 0;
    network::netfilter::ListOptions list;
    Arguments rule; // the rest
    bool version = false, help = false;
};

struct Long {
    const char* name;
    const char* brief;
};
constexpr Long kLong[] = {{"--append", "-A"}, {"--delete", "-D"}, {"--insert", "-I"}, {"--replace", "-R"},
                          {"--list", "-L"}, {"--list-rules", "-S"}, {"--flush", "-F"}, {"--zero", "-Z"},
                          {"--new-chain", "-N"}, {"--new", "-N"}, {"--delete-chain", "-X"}, {"--policy", "-P"},
                          {"--rename-chain", "-E"}, {"--rename", "-E"}, {"--check", "-C"}, {"--table", "-t"},
                          {"--numeric", "-n"}, {"--verbose", "-v"}, {"--exact", "-x"}, {"--version", "-V"},
                          {"--help", "-h"}, {"--wait", "-w"}};

base::Error usage(std::string message) { return network::netfilter::usageError(std::move(message)); }

base::Status checkName(const std::string& name) {
    if (name.size() >= 29) return usage("chain name `" + name + "' too long (must be under 29 chars)");
    if (name[0] == '-' || name[0] == '!') return usage(std::string("chain name not allowed to start with `") + name[0] + "'");
    for (const char* target : {"ACCEPT", "DROP", "RETURN", "QUEUE", "REJECT", "MASQUERADE", "DNAT", "SNAT", "LOG", "MARK", "REDIRECT"})
        if (name == target) return usage("chain name may not clash with target name");
    if (name.find(' ') != std::string::npos) return usage("Invalid chain name `" + name + "'");
    return base::okStatus();
}

// Splits "-nvL" into its letters; letters with a value end the cluster.
std::vector<std::string> spread(const std::vector<std::string>& argv) {
    std::vector<std::string> out;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string& word = argv[i];
        bool isLong = false;
        for (const Long& entry : kLong)
            if (word == entry.name) {
                out.push_back(entry.brief);
                isLong = true;
            }
        if (isLong) continue;
        if (word.size() > 2 && word[0] == '-' && word[1] != '-') {
            constexpr std::string_view kFlags = "nvx", kValued = "ADIRLSFZNXPECtpsdijogmc";
            std::size_t at = 1;
            bool plain = kFlags.find(word[1]) != std::string_view::npos || kValued.find(word[1]) != std::string_view::npos;
            if (!plain) {
                out.push_back(word);
                continue;
            }
            while (at < word.size()) {
                out.push_back(std::string("-") + word[at]);
                const bool valued = kValued.find(word[at]) != std::string_view::npos;
                ++at;
                if (valued && at < word.size()) {
                    const bool more = kFlags.find(word[at]) != std::string_view::npos || kValued.find(word[at]) != std::string_view::npos;
                    if (!(more && (word[at - 1] == 'L' || word[at - 1] == 'S' || word[at - 1] == 'F' || word[at - 1] == 'Z' || word[at - 1] == 'X'))) {
                        out.push_back(word.substr(at));
                        at = word.size();
                    }
                }
            }
            continue;
        }
        out.push_back(word);
    }
    return out;
}

class Reader {
public:
    explicit Reader(std::vector<std::string> words) : words_(std::move(words)) {}

    base::Result<Command> run() {
        while (at_ < words_.size()) {
            const std::string word = words_[at_++];
            if (word.size() == 2 && word[0] == '-' && std::string("ADIRCLSFZNXPE").find(word[1]) != std::string::npos) {
                if (command_.verb != 0)
                    return usage(std::string("Cannot use -") + word[1] + " with -" + command_.verb);
                command_.verb = word[1];
                BASE_CHECK(verb(word));
            } else if (word == "-t") {
                if (at_ >= words_.size()) return usage("option \"-t\" requires an argument");
                const std::string name = words_[at_++];
                const auto table = RuleSet::tableNamed(name);
                if (!table)
                    return base::makeError("table '" + name + "' does not exist\nPerhaps iptables or your kernel needs to be upgraded.", 3, "table");
                command_.table = *table;
            } else if (word == "-n") command_.list.numeric = true;
            else if (word == "-v") command_.list.verbose = true;
            else if (word == "-x") command_.list.exact = true;
            else if (word == "--line-numbers") command_.list.lineNumbers = true;
            else if (word == "-V") command_.version = true;
            else if (word == "-h") command_.help = true;
            else if (word == "-w") {
                if (at_ < words_.size() && base::parseInt(words_[at_])) ++at_;
            } else {
                command_.rule.words.push_back(word);
                // The value of an option may look like one of ours.
                if (word.size() == 2 && std::string("psdijogm").find(word[1]) != std::string::npos && word[0] == '-' && at_ < words_.size())
                    command_.rule.words.push_back(words_[at_++]);
            }
        }
        return command_;
    }

private:
    bool hasValue() const {
        return at_ < words_.size() && !words_[at_].empty() && (words_[at_][0] != '-' || words_[at_].size() < 2) && words_[at_] != "!";
    }
    base::Status verb(const std::string& word) {
        const char v = word[1];
        const bool optional = v == 'L' || v == 'S' || v == 'F' || v == 'Z' || v == 'X';
        if (!optional) {
            if (at_ >= words_.size()) return usage("option \"" + word + "\" requires an argument");
            command_.chain = words_[at_++];
        } else if (hasValue()) {
            command_.chain = words_[at_++];
        }
        if (v == 'N') BASE_CHECK(checkName(command_.chain));
        if ((v == 'D' || v == 'I' || v == 'R' || v == 'L' || v == 'S' || v == 'Z') && hasValue()) {
            if (const auto number = base::parseInt(words_[at_])) {
                if (*number < 1) return usage("Invalid rule number `" + words_[at_] + "'");
                command_.position = static_cast<std::size_t>(*number);
                ++at_;
            }
        }
        if (v == 'R' && command_.position == 0)
            return usage("-R requires a rule number");
        if (v == 'P' || v == 'E') {
            if (!hasValue())
                return usage(std::string("-") + v + (v == 'P' ? " requires a chain and a policy" : " requires old-chain-name and new-chain-name"));
            command_.second = words_[at_++];
            if (v == 'E') BASE_CHECK(checkName(command_.second));
        }
        return base::okStatus();
    }
    std::vector<std::string> words_;
    std::size_t at_ = 0;
    Command command_;
};

base::Status apply(RuleSet& rules, Command& command, std::string& out) {
    const Table table = command.table;
    const auto rest = [&]() -> base::Status {
        if (command.rule.words.empty()) return base::okStatus();
        const std::string& word = command.rule.words.front();
        if (word[0] == '-') return usage("unknown option \"" + word + "\"");
        return base::makeError("Bad argument `" + word + "'", 2, "bare");
    };
    switch (command.verb) {
    case 'L':
    case 'S': {
        BASE_CHECK(rest());
        const bool builtIn = [&] {
            for (auto hook : RuleSet::hooksOf(table))
                if (command.chain == network::netfilter::hookName(hook)) return true;
            return false;
        }();
        if (!command.chain.empty() && !builtIn && rules.chain(table, command.chain) == nullptr)
            return base::makeError("chain `" + command.chain + "' in table `" + network::netfilter::tableName(table) +
                                   "' is incompatible, use 'nft' tool.", 1, "version");
        command.list.onlyRule = command.position;
        out = command.verb == 'L' ? listTable(rules, table, command.chain, command.list)
                                  : listRules(rules, table, command.chain, command.list.verbose, command.position);
        return base::okStatus();
    }
    case 'F': BASE_CHECK(rest()); return rules.flush(table, command.chain);
    case 'Z': BASE_CHECK(rest()); return rules.zero(table, command.chain, command.position);
    case 'N': BASE_CHECK(rest()); return rules.newChain(table, command.chain);
    case 'X': BASE_CHECK(rest()); return command.chain.empty() ? rules.removeChains(table) : rules.removeChain(table, command.chain);
    case 'P': BASE_CHECK(rest()); return rules.setPolicy(table, command.chain, command.second);
    case 'E': BASE_CHECK(rest()); return rules.renameChain(table, command.chain, command.second);
    case 'D':
        if (command.position != 0) return rules.removeAt(table, command.chain, command.position);
        break;
    default: break;
    }
    rules.touch(table);
    BASE_TRY(auto parsed, parseRule(table, command.chain, command.rule, rules));
    std::size_t position = std::max<std::size_t>(command.position, 1);
    for (const auto& rule : parsed) {
        base::Status done = command.verb == 'A'   ? rules.append(table, command.chain, rule)
                            : command.verb == 'I' ? rules.insert(table, command.chain, position++, rule)
                            : command.verb == 'R' ? rules.replace(table, command.chain, position, rule)
                            : command.verb == 'C' ? rules.check(table, command.chain, *rule)
                                                  : rules.removeLike(table, command.chain, *rule);
        if (!done.ok() && done.error().reason == "invalid")
            return base::makeError(" RULE_APPEND failed (Invalid argument): rule in chain " + command.chain, 4, "transaction");
        BASE_CHECK(done);
    }
    return base::okStatus();
}

// How each kind of failure is printed.
std::string complaint(const std::string& name, const base::Error& error) {
    const std::string versioned = name + " v1.8.9 (nf_tables): " + error.message + "\n";
    if (error.reason == "usage") return versioned + "Try `" + name + " -h' or '" + name + " --help' for more information.\n";
    if (error.reason == "bare") return error.message + "\n" + "Try `" + name + " -h' or '" + name + " --help' for more information.\n";
    if (error.reason == "kernel" || error.reason == "restore") return name + ": " + error.message + "\n";
    return versioned;
}

constexpr const char* kDenied = "Could not fetch rule set generation id: Permission denied (you must be root)";

} // namespace

sim::Task<int> iptablesMain(ports::Process& process) {
    const std::string name = baseName(process.argv()[0]);
    network::Namespace* space = spaceOf(process);
    if (space == nullptr) co_return 1;
    const bool six = name.rfind("ip6", 0) == 0;
    base::Result<Command> command = Reader(spread(process.argv())).run();
    base::Status done = base::okStatus();
    std::string out;
    if (!command.ok()) done = command.error();
    else if (command->version) out = name + " v1.8.9 (nf_tables)\n";
    else if (command->help)
        out = name + " v1.8.9 (nf_tables)\n\nUsage: " + name + " -[ACD] chain rule-specification [options]\n\t" + name +
              " -I chain [rulenum] rule-specification [options]\n\t" + name + " -R chain rulenum rule-specification [options]\n\t" +
              name + " -D chain rulenum [options]\n\t" + name + " -[LS] [chain [rulenum]] [options]\n\t" + name +
              " -[FZ] [chain] [options]\n\t" + name + " -[NX] chain\n\t" + name + " -E old-chain-name new-chain-name\n\t" +
              name + " -P chain target [options]\n";
    else if (command->verb == 0) done = usage("no command specified");
    else if (!mayAdminister(process)) done = base::makeError(kDenied, 4, "version");
    else if (six) {
        // IPv6 rules are not modelled: empty tables can be listed, nothing can be added.
        network::netfilter::RuleSet none(*space, process.kernel());
        if (command->verb == 'L' || command->verb == 'S') done = apply(none, *command, out);
        else done = base::makeError("IPv6 rules are not modelled in this lab", 4, "version");
    } else done = apply(space->rules(), *command, out);
    if (!done.ok()) {
        std::string text = complaint(name, done.error());
        co_await process.writeError(std::move(text));
        co_return done.error().code == 0 ? 1 : done.error().code;
    }
    co_await process.writeOut(std::move(out));
    co_return 0;
}

sim::Task<int> iptablesSaveMain(ports::Process& process) {
    const std::string name = baseName(process.argv()[0]);
    network::Namespace* space = spaceOf(process);
    if (space == nullptr) co_return 1;
    bool counters = false;
    std::optional<Table> only;
    std::string problem;
    const auto& argv = process.argv();
    for (std::size_t i = 1; i < argv.size() && problem.empty(); ++i) {
        if (argv[i] == "-c" || argv[i] == "--counters") counters = true;
        else if ((argv[i] == "-t" || argv[i] == "--table") && i + 1 < argv.size()) {
            only = RuleSet::tableNamed(argv[++i]);
            if (!only) problem = name + " v1.8.9 (nf_tables): Table `" + argv[i] + "' does not exist\n";
        } else if (argv[i] == "-V") {
            {
            std::string outgoing = name + " v1.8.9 (nf_tables)\n";
            co_await process.writeOut(std::move(outgoing));
        }
            co_return 0;
        }
    }
    if (problem.empty() && !mayAdminister(process)) {
        {
            std::string outgoing = name + " v1.8.9 (nf_tables): " + kDenied + "\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 4;
    }
    if (!problem.empty()) {
        co_await process.writeError(std::move(problem));
        co_return 1;
    }
    if (name.rfind("ip6", 0) == 0) co_return 0;
    std::string text = network::netfilter::saveTables(space->rules(), only, counters);
    co_await process.writeOut(std::move(text));
    co_return 0;
}

sim::Task<int> iptablesRestoreMain(ports::Process& process) {
    const std::string name = baseName(process.argv()[0]);
    network::Namespace* space = spaceOf(process);
    if (space == nullptr) co_return 1;
    network::netfilter::RestoreOptions options;
    std::string file;
    const auto& argv = process.argv();
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string& word = argv[i];
        if (word == "-n" || word == "--noflush") options.noFlush = true;
        else if (word == "-c" || word == "--counters") options.counters = true;
        else if (word == "-t" || word == "--test") options.test = true;
        else if (word == "-T" && i + 1 < argv.size()) options.only = RuleSet::tableNamed(argv[++i]);
        else if (word == "-w" || word == "-v" || word == "--verbose" || word == "--wait") continue;
        else if (word[0] != '-') file = word;
    }
    if (!mayAdminister(process)) {
        {
            std::string outgoing = name + " v1.8.9 (nf_tables): " + kDenied + "\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 4;
    }
    std::string text;
    if (!file.empty()) {
        const auto content = process.files().read(process.resolve(file));
        if (!content.ok()) {
            {
            std::string outgoing = "Can't open " + file + ": No such file or directory\n";
            co_await process.writeError(std::move(outgoing));
        }
            co_return 1;
        }
        text = *content;
    } else if (auto input = process.input()) {
        for (;;) {
            std::string part = co_await input->read();
            if (part.empty() || text.size() > 8 * 1024 * 1024) break;
            text += part;
        }
    }
    if (name.rfind("ip6", 0) == 0) {
        {
            std::string outgoing = name + " v1.8.9 (nf_tables): IPv6 rules are not modelled in this lab\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 4;
    }
    base::Status done = network::netfilter::restoreTables(space->rules(), text, options);
    if (done.ok()) co_return 0;
    std::string message = complaint(name, done.error());
    co_await process.writeError(std::move(message));
    co_return done.error().code == 0 ? 1 : done.error().code;
}

} // namespace tools::net
