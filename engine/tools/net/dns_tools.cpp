// nslookup (bind and busybox), host, getent. Texts as recorded from Debian 12 and busybox 1.35.
#include "tools/net/support.h"

#include "base/strings.h"

#include <algorithm>
#include <cerrno>

namespace tools::net {
namespace {

using namespace network::dns;

struct Reply {
    std::optional<Message> message;
    int error = 0;
};

sim::Task<Reply> query(ports::Process& process, base::Endpoint server, std::string name, RecordType type, sim::Duration timeout) {
    Reply reply;
    base::Result<Message> answer = co_await ask(process.kernel(), process.network(), server, std::move(name), type, timeout);
    if (answer.ok()) reply.message = std::move(*answer);
    else reply.error = answer.error().code;
    co_return reply;
}

std::string bare(std::string name) {
    if (name.size() > 1 && name.back() == '.') name.pop_back();
    return name;
}

// Names to try, in the order of the search list.
std::vector<std::string> candidates(const ResolverConfig& config, const std::string& name) {
    if (name.back() == '.') return {name};
    std::vector<std::string> out;
    const auto dots = std::count(name.begin(), name.end(), '.');
    if (dots >= config.ndots) out.push_back(name);
    for (const std::string& domain : config.search) out.push_back(name + "." + bare(domain));
    if (dots < config.ndots) out.push_back(name);
    return out;
}

const char* wireError(int code) { return code == ECONNREFUSED ? "connection refused" : code == EHOSTUNREACH ? "host unreachable" : code == ENETUNREACH ? "network unreachable" : "timed out"; }

struct Target {
    base::Endpoint server;
    std::string name, typeText;
    std::optional<RecordType> type;
    bool serverGiven = false, badServer = false, usage = false;
    std::string badServerName;
};

sim::Task<Target> readTarget(ports::Process& process) {
    Target out;
    std::vector<std::string> words;
    int port = 53;
    const auto& argv = process.argv();
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string& word = argv[i];
        for (const char* prefix : {"-type=", "-query=", "-querytype=", "-q="})
            if (word.rfind(prefix, 0) == 0) {
                RecordType type = RecordType::A;
                if (parseType(word.substr(std::string(prefix).size()), type)) out.type = type;
            }
        if (word.rfind("-port=", 0) == 0) port = static_cast<int>(base::parseInt(word.substr(6)).value_or(53));
        if (word[0] != '-') words.push_back(word);
    }
    if (words.empty()) {
        out.usage = true;
        co_return out;
    }
    out.name = words[0];
    const ResolverConfig config = resolverConfig(process.files());
    out.server = {config.servers.front(), static_cast<std::uint16_t>(port)};
    if (words.size() > 1) {
        out.serverGiven = true;
        auto found = co_await lookup(process, words[1]);
        if (found.ok()) out.server.ip = found->addresses.front();
        else {
            out.badServer = true;
            out.badServerName = words[1];
        }
    }
    co_return out;
}

std::string recordLine(const Record& record) {
    const std::string name = bare(record.name);
    switch (record.type) {
    case RecordType::A:
    case RecordType::AAAA: return "Name:\t" + name + "\nAddress: " + record.data + "\n";
    case RecordType::CNAME: return name + "\tcanonical name = " + record.data + "\n";
    case RecordType::PTR: return name + "\tname = " + record.data + "\n";
    case RecordType::SRV: return name + "\tservice = " + record.data + "\n";
    case RecordType::MX: return name + "\tmail exchanger = " + record.data + "\n";
    case RecordType::TXT: return name + "\ttext = " + record.data + "\n";
    case RecordType::NS: return name + "\tnameserver = " + record.data + "\n";
    case RecordType::SOA: {
        const auto words = base::splitFields(record.data);
        if (words.size() < 7) return "";
        return name + "\n\torigin = " + bare(words[0]) + "\n\tmail addr = " + bare(words[1]) + "\n\tserial = " + words[2] +
               "\n\trefresh = " + words[3] + "\n\tretry = " + words[4] + "\n\texpire = " + words[5] + "\n\tminimum = " + words[6] + "\n";
    }
    default: return name + "\t" + typeName(record.type) + " " + record.data + "\n";
    }
}

} // namespace

sim::Task<int> nslookupMain(ports::Process& process) {
    const Target target = co_await readTarget(process);
    if (target.usage) {
        co_await process.writeError("nslookup: interactive mode is not modelled in this lab\n");
        co_return 1;
    }
    if (target.badServer) {
        {
            std::string outgoing = "nslookup: couldn't get address for '" + target.badServerName + "': not found\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    const std::string server = target.server.ip.text(), place = server + "#" + std::to_string(target.server.port);
    const ResolverConfig config = resolverConfig(process.files());
    const auto literal = base::IpAddress::parse(target.name);
    RecordType type = target.type.value_or(RecordType::A);
    std::vector<std::string> names = candidates(config, target.name);
    if (literal && !target.type) {
        type = RecordType::PTR;
        names = {reverseName(*literal)};
    }
    std::string out, last = target.name;
    Reply reply;
    for (const std::string& name : names) {
        for (int attempt = 0; attempt < 3; ++attempt) {
            reply = co_await query(process, target.server, name, type, 5 * sim::kSecond);
            if (reply.message) break;
            out += ";; communications error to " + place + ": " + wireError(reply.error) + "\n";
        }
        if (!reply.message) {
            {
            std::string outgoing = out + ";; no servers could be reached\n\n";
            co_await process.writeOut(std::move(outgoing));
        }
            co_return 1;
        }
        last = bare(name);
        if (reply.message->code == ResponseCode::ServFail || reply.message->code == ResponseCode::Refused)
            out += ";; Got " + codeName(reply.message->code) + " reply from " + server + "\n";
        else if (!reply.message->recursionAvailable)
            out += ";; Got recursion not available from " + server + "\n";
        if (reply.message->code != ResponseCode::NXDomain) break;
    }
    const Message& message = *reply.message;
    if (type != RecordType::PTR || message.code != ResponseCode::NoError)
        out += "Server:\t\t" + server + "\nAddress:\t" + place + "\n\n";
    if (message.code != ResponseCode::NoError) {
        {
            std::string outgoing = out + "** server can't find " + (message.code == ResponseCode::NXDomain ? last : target.name) + ": " + codeName(message.code) + "\n\n";
            co_await process.writeOut(std::move(outgoing));
        }
        co_return 1;
    }
    if (!message.authoritative && !message.answers.empty()) out += "Non-authoritative answer:\n";
    bool any = false;
    for (const Record& record : message.answers) {
        any = true;
        out += recordLine(record);
    }
    if (type == RecordType::A && !target.type) {
        Reply six = co_await query(process, target.server, last + ".", RecordType::AAAA, 5 * sim::kSecond);
        if (six.message) {
            for (const Record& record : six.message->answers)
                if (record.type == RecordType::AAAA) {
                    out += recordLine(record);
                    any = true;
                }
            if (!six.message->recursionAvailable && six.message->code == ResponseCode::NoError) out += ";; Got recursion not available from " + server + "\n";
        }
    }
    if (!any) out += "*** Can't find " + target.name + ": No answer\n";
    {
            std::string outgoing = out + "\n";
            co_await process.writeOut(std::move(outgoing));
        }
    co_return any ? 0 : 1;
}

sim::Task<int> busyboxNslookupMain(ports::Process& process) {
    const Target target = co_await readTarget(process);
    if (target.usage) {
        co_await process.writeError("BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1) multi-call binary.\n\nUsage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]\n\n"
                                    "Query DNS about HOST\n\nQUERY_TYPE: soa,ns,a,aaaa,cname,mx,txt,ptr,srv,any\n");
        co_return 1;
    }
    if (target.badServer) {
        {
            std::string outgoing = "nslookup: bad address '" + target.badServerName + "'\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    const ResolverConfig config = resolverConfig(process.files());
    std::vector<std::pair<std::string, RecordType>> questions;
    const auto literal = base::IpAddress::parse(target.name);
    if (literal) {
        questions.push_back({reverseName(*literal), RecordType::PTR});
    } else {
        // Names with a dot are taken as they are.
        std::vector<std::string> names;
        if (target.name.find('.') == std::string::npos)
            for (const std::string& domain : config.search) names.push_back(target.name + "." + bare(domain));
        if (names.empty()) names.push_back(target.name);
        const std::vector<RecordType> types = target.type ? std::vector<RecordType>{*target.type} : std::vector<RecordType>{RecordType::A, RecordType::AAAA};
        for (RecordType type : types)
            for (const std::string& name : names) questions.push_back({name, type});
    }
    std::string out;
    bool failed = false, header = false, lost = false;
    for (const auto& [name, type] : questions) {
        Reply reply = co_await query(process, target.server, name, type, 5 * sim::kSecond);
        if (!reply.message) {
            if (reply.error != ETIMEDOUT && !header)
                {
            std::string outgoing = "nslookup: write to '" + target.server.ip.text() + "': " + errnoText(reply.error) + "\n";
            co_await process.writeError(std::move(outgoing));
        }
            lost = true;
            break;
        }
        if (!header) out += "Server:\t\t" + target.server.ip.text() + "\nAddress:\t" + target.server.text() + "\n\n";
        header = true;
        const Message& message = *reply.message;
        if (message.code != ResponseCode::NoError) {
            out += "** server can't find " + bare(name) + ": " + codeName(message.code) + "\n";
            failed = true;
        } else {
            if (!message.authoritative) out += "Non-authoritative answer:\n";
            for (const Record& record : message.answers) {
                std::string line = recordLine(record);
                if (record.type != RecordType::A && record.type != RecordType::AAAA) {
                    line.pop_back();
                    line = bare(line) + "\n";
                }
                out += line;
            }
        }
        out += "\n";
    }
    if (lost) out += ";; connection timed out; no servers could be reached\n\n";
    co_await process.writeOut(std::move(out));
    co_return lost || failed ? 1 : 0;
}

sim::Task<int> hostMain(ports::Process& process) {
    std::vector<std::string> words;
    std::optional<RecordType> type;
    int port = 53;
    sim::Duration wait = 5 * sim::kSecond;
    const auto& argv = process.argv();
    for (std::size_t i = 1; i < argv.size(); ++i) {
        if (argv[i] == "-t" && i + 1 < argv.size()) {
            RecordType read = RecordType::A;
            if (parseType(argv[++i], read)) type = read;
        } else if (argv[i] == "-p" && i + 1 < argv.size()) port = static_cast<int>(base::parseInt(argv[++i]).value_or(53));
        else if (argv[i] == "-W" && i + 1 < argv.size()) wait = base::parseInt(argv[++i]).value_or(5) * sim::kSecond;
        else if (argv[i][0] != '-') words.push_back(argv[i]);
    }
    if (words.empty()) {
        co_await process.writeError("Usage: host [-aCdilrTvVw] [-c class] [-N ndots] [-t type] [-W time]\n            [-R number] [-m flag] [-p port] hostname [server]\n");
        co_return 1;
    }
    const ResolverConfig config = resolverConfig(process.files());
    base::Endpoint server{config.servers.front(), static_cast<std::uint16_t>(port)};
    std::string out;
    if (words.size() > 1) {
        auto found = co_await lookup(process, words[1]);
        if (!found.ok()) {
            {
            std::string outgoing = "host: couldn't get address for '" + words[1] + "': not found\n";
            co_await process.writeError(std::move(outgoing));
        }
            co_return 1;
        }
        server.ip = found->addresses.front();
        out = "Using domain server:\nName: " + words[1] + "\nAddress: " + server.ip.text() + "#" + std::to_string(port) + "\nAliases: \n\n";
    }
    const auto literal = base::IpAddress::parse(words[0]);
    std::vector<std::string> names = literal ? std::vector<std::string>{reverseName(*literal)} : candidates(config, words[0]);
    const RecordType first = type.value_or(literal ? RecordType::PTR : RecordType::A);
    Reply reply;
    std::string name;
    for (const std::string& candidate : names) {
        name = bare(candidate);
        for (int attempt = 0; attempt < 2; ++attempt) {
            reply = co_await query(process, server, candidate, first, wait);
            if (reply.message) break;
            out += ";; communications error to " + server.ip.text() + "#" + std::to_string(port) + ": " + wireError(reply.error) + "\n";
        }
        if (!reply.message) {
            {
            std::string outgoing = out + ";; no servers could be reached\n";
            co_await process.writeOut(std::move(outgoing));
        }
            co_return 1;
        }
        if (reply.message->code != ResponseCode::NXDomain) break;
    }
    if (reply.message->code != ResponseCode::NoError) {
        const int code = static_cast<int>(reply.message->code);
        {
            std::string outgoing = out + "Host " + (literal ? bare(names[0]) : words[0]) + " not found: " + std::to_string(code) + "(" + codeName(reply.message->code) + ")\n";
            co_await process.writeOut(std::move(outgoing));
        }
        co_return 1;
    }
    for (const Record& record : reply.message->answers) {
        const std::string owner = bare(record.name);
        if (record.type == RecordType::A) out += owner + " has address " + record.data + "\n";
        else if (record.type == RecordType::AAAA) out += owner + " has IPv6 address " + record.data + "\n";
        else if (record.type == RecordType::CNAME) out += owner + " is an alias for " + record.data + "\n";
        else if (record.type == RecordType::PTR) out += owner + " domain name pointer " + record.data + "\n";
        else if (record.type == RecordType::SRV) out += owner + " has SRV record " + record.data + "\n";
        else out += owner + " has " + typeName(record.type) + " record " + record.data + "\n";
    }
    if (reply.message->answers.empty() && type) out += name + " has no " + typeName(*type) + " record\n";
    co_await process.writeOut(std::move(out));
    co_return 0;
}

sim::Task<int> getentMain(ports::Process& process) {
    const auto& argv = process.argv();
    if (argv.size() < 2) {
        co_await process.writeError("Usage: getent [OPTION...] database [key ...]\n");
        co_return 1;
    }
    const std::string& database = argv[1];
    if (database == "hosts" || database == "ahosts" || database == "ahostsv4") {
        if (argv.size() == 2) {
            const auto text = process.files().read("/etc/hosts");
            std::string out;
            for (const HostsEntry& entry : readHosts(text.ok() ? *text : "")) out += padRight(entry.address.text(), 16) + base::join(entry.names, " ") + "\n";
            co_await process.writeOut(std::move(out));
            co_return 0;
        }
        int code = 0;
        for (std::size_t i = 2; i < argv.size(); ++i) {
            auto found = co_await lookup(process, argv[i]);
            if (!found.ok()) {
                code = 2;
                continue;
            }
            std::string out;
            for (const base::IpAddress& address : found->addresses) {
                if (database == "hosts") out += padRight(address.text(), 16) + found->canonicalName + "\n";
                else
                    out += padRight(address.text(), 16) + "STREAM " + found->canonicalName + "\n" + padRight(address.text(), 16) + "DGRAM  \n" +
                           padRight(address.text(), 16) + "RAW    \n";
            }
            co_await process.writeOut(std::move(out));
        }
        co_return code;
    }
    const std::string file = "/etc/" + database;
    if (database != "passwd" && database != "group" && database != "shadow" && database != "services" && database != "protocols") {
        {
            std::string outgoing = "Unknown database: " + database + "\nTry `getent --help' or `getent --usage' for more information.\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    const auto text = process.files().read(file);
    int code = text.ok() ? 0 : 2;
    std::string out;
    for (std::size_t i = 2; text.ok() && i < argv.size(); ++i) {
        bool hit = false;
        for (const std::string& line : base::splitLines(*text)) {
            const auto parts = base::split(line, ':');
            if (parts[0] == argv[i] || (parts.size() > 2 && parts[2] == argv[i])) {
                out += line + "\n";
                hit = true;
            }
        }
        if (!hit) code = 2;
    }
    if (argv.size() == 2 && text.ok()) out = *text;
    co_await process.writeOut(std::move(out));
    co_return code;
}

} // namespace tools::net
