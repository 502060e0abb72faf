#include "network/netfilter/listing.h"

#include <cstdio>

namespace network::netfilter {
namespace {

std::string padded(const std::string& text, std::size_t width) {
    return text.size() < width ? text + std::string(width - text.size(), ' ') : text;
}

// Five columns with K, M, G, T; eight exact ones with -x.
std::string number(std::uint64_t value, bool exact, bool column) {
    char text[40];
    if (exact) {
        std::snprintf(text, sizeof text, column ? "%8llu " : "%llu ", static_cast<unsigned long long>(value));
        return text;
    }
    if (value <= 99999) {
        std::snprintf(text, sizeof text, column ? "%5llu " : "%llu ", static_cast<unsigned long long>(value));
        return text;
    }
    constexpr char kUnits[] = "KMGT";
    for (int i = 0; i < 4; ++i) {
        value = (value + 500) / 1000;
        if (value <= 9999 || i == 3) {
            std::snprintf(text, sizeof text, column ? "%4llu%c " : "%llu%c ", static_cast<unsigned long long>(value), kUnits[i]);
            break;
        }
    }
    return text;
}

std::string ruleLine(const Rule& rule, std::size_t position, const ListOptions& options) {
    std::string line;
    if (options.lineNumbers) line += padded(std::to_string(position), 4) + " ";
    if (options.verbose)
        line += number(rule.counter.packets, options.exact, true) + number(rule.counter.bytes, options.exact, true);
    line += padded(rule.jump, 9) + " ";
    line += rule.head.notProtocol ? '!' : ' ';
    line += padded(options.numeric ? std::to_string(rule.head.protocol) : protocolName(rule.head.protocol), 4) + " ";
    line += "-- ";
    if (options.verbose) {
        const auto device = [](const DeviceTest& test) {
            return (test.inverted ? "!" : "") + (test.name.empty() ? std::string("*") : test.name);
        };
        line += " " + padded(device(rule.in), 6) + " " + padded(device(rule.out), 6) + " ";
    }
    line += rule.source.inverted ? '!' : ' ';
    line += padded(rule.source.listText(options.numeric), 19) + " ";
    line += rule.destination.inverted ? '!' : ' ';
    line += padded(rule.destination.listText(options.numeric), 19) + " ";
    if (rule.isGoto) line += " [goto] ";
    for (const auto& match : rule.matches) line += " " + match->list(options.numeric);
    if (rule.target) {
        const std::string text = rule.target->list(options.numeric);
        if (!text.empty()) line += " " + text;
    }
    return line + "\n";
}

std::string header(const RuleSet& rules, Table table, const Chain& chain, const ListOptions& options) {
    std::string out = "Chain " + chain.name;
    if (chain.hook) {
        out += std::string(" (policy ") + (chain.policy == Verdict::Drop ? "DROP" : "ACCEPT");
        if (options.verbose)
            out += " " + number(chain.counter.packets, options.exact, false) + "packets, " +
                   number(chain.counter.bytes, options.exact, false) + "bytes";
        out += ")\n";
    } else {
        out += " (" + std::to_string(rules.references(table, chain.name)) + " references)\n";
    }
    if (options.lineNumbers) out += "num  ";
    if (options.verbose) out += options.exact ? "    pkts      bytes " : " pkts bytes ";
    out += padded("target", 9) + "  prot opt";
    if (options.verbose) out += " in     out    ";
    return out + " source               destination         \n";
}

} // namespace

std::string listTable(const RuleSet& rules, Table table, std::string_view only, const ListOptions& options) {
    std::string out;
    std::vector<const Chain*> chains = rules.chains(table);
    std::vector<Chain> empty;
    if (chains.empty()) { // as a table that nobody has touched looks
        for (Hook hook : RuleSet::hooksOf(table)) {
            Chain chain;
            chain.name = hookName(hook);
            chain.hook = hook;
            empty.push_back(chain);
        }
        for (const Chain& chain : empty) chains.push_back(&chain);
    }
    bool first = true;
    for (const Chain* chain : chains) {
        if (!only.empty() && chain->name != only) continue;
        if (options.onlyRule != 0) {
            if (options.onlyRule <= chain->rules.size())
                out += ruleLine(*chain->rules[options.onlyRule - 1], options.onlyRule, options);
            continue;
        }
        if (!first) out += "\n";
        first = false;
        out += header(rules, table, *chain, options);
        for (std::size_t i = 0; i < chain->rules.size(); ++i) out += ruleLine(*chain->rules[i], i + 1, options);
    }
    return out;
}

std::string listRules(const RuleSet& rules, Table table, std::string_view only, bool verbose, std::size_t onlyRule) {
    std::string policies, news, body;
    std::vector<const Chain*> chains = rules.chains(table);
    if (chains.empty())
        for (Hook hook : RuleSet::hooksOf(table))
            if (only.empty() || only == hookName(hook))
                policies += std::string("-P ") + hookName(hook) + " ACCEPT" + (verbose ? " -c 0 0" : "") + "\n";
    for (const Chain* chain : chains) {
        if (!only.empty() && chain->name != only) continue;
        if (onlyRule == 0) {
            const std::string counters = verbose ? " -c " + std::to_string(chain->counter.packets) + " " + std::to_string(chain->counter.bytes) : "";
            if (chain->hook)
                policies += "-P " + chain->name + (chain->policy == Verdict::Drop ? " DROP" : " ACCEPT") + counters + "\n";
            else news += "-N " + chain->name + "\n";
        }
        for (std::size_t i = 0; i < chain->rules.size(); ++i) {
            if (onlyRule != 0 && onlyRule != i + 1) continue;
            const std::string text = chain->rules[i]->text(verbose);
            body += "-A " + chain->name + (text.empty() ? "" : " ") + text + "\n";
        }
    }
    return policies + news + body;
}

} // namespace network::netfilter
