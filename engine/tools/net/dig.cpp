// dig 9.18. Source: bind9 bin/dig; columns as dns_master_style does them.
#include "tools/net/support.h"

#include "base/strings.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace tools::net {
namespace {

using namespace network::dns;

struct Options {
    std::string name = ".", serverText;
    RecordType type = RecordType::NS;
    bool named = false, typed = false;
    std::optional<base::Endpoint> server;
    int port = 53, tries = 3, time = 5, ndots = 1;
    bool tcp = false, search = false, isShort = false, edns = true, cookie = true, recurse = true;
    bool cmd = true, comments = true, question = true, answer = true, authority = true, additional = true, stats = true;
    std::vector<std::string> domains;
    std::string problem;
};

void setAll(Options& o, bool on) { o.cmd = o.comments = o.question = o.answer = o.authority = o.additional = o.stats = on; }

void plus(Options& o, std::string word) {
    bool on = true;
    std::string value;
    if (const auto equals = word.find('='); equals != std::string::npos) {
        value = word.substr(equals + 1);
        word = word.substr(0, equals);
    }
    if (word.rfind("no", 0) == 0) {
        on = false;
        word = word.substr(2);
    }
    const int number = static_cast<int>(base::parseInt(value).value_or(1));
    if (word == "all") setAll(o, on);
    else if (word == "short") o.isShort = on;
    else if (word == "cmd") o.cmd = on;
    else if (word == "comments") o.comments = on;
    else if (word == "question") o.question = on;
    else if (word == "answer") o.answer = on;
    else if (word == "authority") o.authority = on;
    else if (word == "additional") o.additional = on;
    else if (word == "stats") o.stats = on;
    else if (word == "tcp" || word == "vc") o.tcp = on;
    else if (word == "search" || word == "defname") o.search = on;
    else if (word == "tries") o.tries = std::max(1, number);
    else if (word == "retry") o.tries = number + 1;
    else if (word == "time" || word == "timeout") o.time = std::max(1, number);
    else if (word == "ndots") o.ndots = number;
    else if (word == "domain") o.domains.push_back(value);
    else if (word == "edns") o.edns = on;
    else if (word == "cookie") o.cookie = on;
    else if (word == "recurse" || word == "rdflag") o.recurse = on;
    else if (word != "trace" && word != "dnssec" && word != "multiline" && word != "identify" && word != "ttlid" && word != "bufsize")
        o.problem = "Invalid option: +" + word;
    else if (on && word == "trace") o.problem = "+trace is not modelled in this lab";
}

Options read(const std::vector<std::string>& argv) {
    Options o;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string& word = argv[i];
        RecordType type = RecordType::A;
        if (word[0] == '@') o.serverText = word.substr(1);
        else if (word[0] == '+') plus(o, word.substr(1));
        else if (word == "-x" && i + 1 < argv.size()) {
            const auto address = base::IpAddress::parse(argv[++i]);
            o.name = address ? reverseName(*address) : argv[i];
            o.named = true;
            if (!o.typed) o.type = RecordType::PTR;
            o.typed = true;
        } else if (word == "-p" && i + 1 < argv.size()) o.port = static_cast<int>(base::parseInt(argv[++i]).value_or(53));
        else if (word == "-t" && i + 1 < argv.size()) {
            if (parseType(argv[++i], o.type)) o.typed = true;
        } else if (word == "-q" && i + 1 < argv.size()) {
            o.name = argv[++i];
            o.named = true;
        } else if (word[0] == '-') continue;
        else if (parseType(word, type)) {
            o.type = type;
            o.typed = true;
        } else if (base::toUpper(word) != "IN") {
            o.name = word;
            o.named = true;
        }
    }
    if (o.named && !o.typed) o.type = RecordType::A;
    return o;
}

// Source: bind9 lib/dns/masterdump.c indent().
void indent(std::string& out, std::size_t& column, std::size_t to) {
    if (to < column + 1) to = column + 1;
    std::size_t from = column;
    const std::size_t tabs = to / 8 - from / 8;
    if (tabs > 0) {
        out.append(tabs, '\t');
        from = to / 8 * 8;
    }
    out.append(to - from, ' ');
    column = to;
}

std::string recordLine(const Record& record) {
    std::string out = record.name;
    std::size_t column = out.size();
    const auto add = [&](std::size_t to, const std::string& text) {
        indent(out, column, to);
        out += text;
        column += text.size();
    };
    add(24, std::to_string(record.ttl));
    add(32, "IN");
    add(40, typeName(record.type));
    add(48, record.data);
    return out + "\n";
}

std::string questionLine(const Question& question) {
    std::string out = question.name;
    std::size_t column = out.size();
    indent(out, column, 32);
    out += "IN";
    column += 2;
    indent(out, column, 40);
    return ";" + out + typeName(question.type) + "\n";
}

std::string whenText(std::int64_t unixNow) {
    constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const sim::CivilTime t = sim::civilTime(unixNow);
    char text[64];
    std::snprintf(text, sizeof text, "%s %s %02d %02d:%02d:%02d UTC %d", kDays[t.weekday], kMonths[t.month - 1], t.day, t.hour, t.minute, t.second, t.year);
    return text;
}

std::string render(const Options& o, const Message& message, const base::Endpoint& server, std::size_t size, sim::Duration took, std::int64_t unixNow) {
    std::string out;
    if (o.isShort) {
        for (const Record& record : message.answers) out += record.data + "\n";
        return out;
    }
    if (o.comments) {
        out += ";; Got answer:\n";
        if (message.questions.size() && message.questions[0].name.size() >= 7 &&
            base::toLower(message.questions[0].name).substr(message.questions[0].name.size() - 7) == ".local.")
            out += ";; WARNING: .local is reserved for Multicast DNS\n;; You are currently testing what happens when an mDNS query is leaked to DNS\n";
        std::string flags = "qr";
        if (message.authoritative) flags += " aa";
        if (message.truncated) flags += " tc";
        if (message.recursionDesired) flags += " rd";
        if (message.recursionAvailable) flags += " ra";
        out += ";; ->>HEADER<<- opcode: QUERY, status: " + codeName(message.code) + ", id: " + std::to_string(message.id) + "\n;; flags: " + flags +
               "; QUERY: " + std::to_string(message.questions.size()) + ", ANSWER: " + std::to_string(message.answers.size()) + ", AUTHORITY: " +
               std::to_string(message.authority.size()) + ", ADDITIONAL: " + std::to_string(message.additional.size() + (message.edns ? 1 : 0)) + "\n";
        if (message.recursionDesired && !message.recursionAvailable) out += ";; WARNING: recursion requested but not available\n";
        out += "\n";
        if (message.edns) {
            out += ";; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: " + std::to_string(message.udpSize) + "\n";
            if (!message.cookie.empty()) out += "; COOKIE: " + base::encodeHex(message.cookie) + (message.cookie.size() == 8 ? " (echoed)" : " (good)") + "\n";
        }
    }
    if (o.question) {
        if (o.comments) out += ";; QUESTION SECTION:\n";
        for (const Question& question : message.questions) out += questionLine(question);
        if (o.comments || o.stats) out += "\n";
    }
    const std::pair<const char*, const std::vector<Record>*> sections[] = {{"ANSWER", &message.answers}, {"AUTHORITY", &message.authority}, {"ADDITIONAL", &message.additional}};
    const bool shown[] = {o.answer, o.authority, o.additional};
    for (int i = 0; i < 3; ++i) {
        if (!shown[i] || sections[i].second->empty()) continue;
        if (o.comments) out += std::string(";; ") + sections[i].first + " SECTION:\n";
        for (const Record& record : *sections[i].second) out += recordLine(record);
        if (o.comments) out += "\n";
    }
    if (o.stats)
        out += ";; Query time: " + std::to_string(took / sim::kMillisecond) + " msec\n;; SERVER: " + server.ip.text() + "#" + std::to_string(server.port) + "(" +
               server.ip.text() + ") (" + (o.tcp ? "TCP" : "UDP") + ")\n;; WHEN: " + whenText(unixNow) + "\n;; MSG SIZE  rcvd: " + std::to_string(size) + "\n\n";
    return out;
}

struct Heard {
    std::optional<std::string> bytes;
    int error = 0;
};

sim::Task<Heard> askTcp(ports::Process& process, base::Endpoint server, std::string question, sim::Duration timeout) {
    Heard heard;
    ports::ConnectOptions options;
    options.timeout = timeout;
    auto made = co_await process.network().connect(server, options);
    if (!made.ok()) {
        heard.error = made.error().code;
        co_return heard;
    }
    const ports::Duplex pipes = (*made)->bytes();
    std::string framed;
    framed += static_cast<char>(question.size() >> 8);
    framed += static_cast<char>(question.size() & 0xff);
    framed += question;
    co_await pipes.output->write(std::move(framed));
    std::string buffer;
    for (;;) {
        std::string part = co_await pipes.input->read();
        if (part.empty()) break;
        buffer += part;
        if (buffer.size() < 2) continue;
        const std::size_t length = static_cast<std::size_t>(static_cast<unsigned char>(buffer[0])) << 8 | static_cast<unsigned char>(buffer[1]);
        if (buffer.size() >= length + 2) {
            heard.bytes = buffer.substr(2, length);
            break;
        }
    }
    (*made)->close();
    co_return heard;
}

} // namespace

sim::Task<int> digMain(ports::Process& process) {
    Options o = read(process.argv());
    if (!o.problem.empty()) {
        {
            std::string outgoing = o.problem + "\n\nUsage:  dig [@global-server] [domain] [q-type] [q-class] {q-opt}\n            {global-d-opt} host [@local-server] {local-d-opt}\n            [ host [@local-server] {local-d-opt} [...]]\n\nUse \"dig -h\" (or \"dig -h | more\") for complete list of options\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    const ResolverConfig config = resolverConfig(process.files());
    base::Endpoint server{config.servers.front(), static_cast<std::uint16_t>(o.port)};
    if (!o.serverText.empty()) {
        auto found = co_await lookup(process, o.serverText);
        if (!found.ok()) {
            {
            std::string outgoing = "dig: couldn't get address for '" + o.serverText + "': failure\n";
            co_await process.writeError(std::move(outgoing));
        }
            co_return 1;
        }
        server.ip = found->addresses.front();
    }
    std::string banner = "\n; <<>> DiG 9.18.49-1~deb12u1-Debian <<>>";
    for (std::size_t i = 1; i < process.argv().size(); ++i) banner += " " + process.argv()[i];
    banner += "\n" + std::string(o.serverText.empty() ? "" : "; (1 server found)\n") + ";; global options: +cmd\n";
    if (!o.cmd || o.isShort) banner.clear();
    std::vector<std::string> names = {o.name};
    if (o.search && o.name.back() != '.') {
        const auto dots = std::count(o.name.begin(), o.name.end(), '.');
        const std::vector<std::string>& domains = o.domains.empty() ? config.search : o.domains;
        std::vector<std::string> extended;
        for (const std::string& domain : domains) extended.push_back(o.name + "." + domain);
        const int ndots = std::max(o.ndots, config.ndots);
        if (dots >= ndots) names.insert(names.end(), extended.begin(), extended.end());
        else names.insert(names.begin(), extended.begin(), extended.end());
    }
    std::string trouble;
    const std::string place = server.ip.text() + "#" + std::to_string(server.port);
    for (std::size_t n = 0; n < names.size(); ++n) {
        Message question;
        question.id = static_cast<std::uint16_t>(process.kernel().random("network/dns-id").below(65536));
        question.recursionDesired = o.recurse;
        question.questions.push_back({fullyQualified(names[n]), o.type, 1});
        question.edns = o.edns;
        if (o.edns && o.cookie) question.cookie = process.kernel().random("network/dns-id").bytes(8);
        const std::string bytes = encode(question);
        const sim::Time begun = process.kernel().now();
        Heard heard;
        for (int attempt = 0; attempt < o.tries && !heard.bytes; ++attempt) {
            if (o.tcp) {
                heard = co_await askTcp(process, server, bytes, o.time * sim::kSecond);
                if (!heard.bytes)
                    trouble += heard.error == ECONNREFUSED ? ";; Connection to " + place + "(" + server.ip.text() + ") for " + names[n] + " failed: connection refused.\n;; no servers could be reached\n"
                                                           : ";; Connection to " + place + "(" + server.ip.text() + ") for " + names[n] + " failed: timed out.\n;; no servers could be reached\n";
                continue;
            }
            auto answer = co_await process.network().exchangeUdp(server, bytes, o.time * sim::kSecond);
            if (answer.ok()) heard.bytes = answer->bytes;
            else {
                const int code = answer.error().code;
                trouble += ";; communications error to " + place + ": " + (code == ECONNREFUSED ? "connection refused" : code == EHOSTUNREACH ? "host unreachable" : code == ENETUNREACH ? "network unreachable" : "timed out") + "\n";
            }
        }
        if (!heard.bytes) {
            {
            std::string outgoing = o.tcp ? trouble : trouble + banner + ";; no servers could be reached\n";
            co_await process.writeOut(std::move(outgoing));
        }
            co_return 9;
        }
        auto message = decode(*heard.bytes);
        if (!message.ok()) {
            co_await process.writeOut(";; Got bad packet: FORMERR\n");
            co_return 9;
        }
        if (message->code == ResponseCode::NXDomain && n + 1 < names.size()) continue;
        std::string out = trouble + banner + render(o, *message, server, heard.bytes->size(), process.kernel().now() - begun, process.kernel().unixNow());
        co_await process.writeOut(std::move(out));
        co_return 0;
    }
    co_return 0;
}

} // namespace tools::net
