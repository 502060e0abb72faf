// etcdctl over etcd's JSON gateway: endpoint, member, get, put, del, snapshot save, alarm, defrag.
// Source: etcd etcdctl/ctlv3/command.
#include "base/strings.h"
#include "document/json.h"
#include "ports/network.h"
#include "tools/system/tool.h"

#include <fmt/format.h>

#include <algorithm>

namespace tools::system {
namespace {

using document::Value;

struct Target {
    std::string text; // as given
    base::Endpoint at;
    bool secure = false;
};

base::Result<Target> parseTarget(std::string text) {
    Target target;
    std::string rest = text;
    if (rest.starts_with("https://")) { target.secure = true; rest = rest.substr(8); }
    else if (rest.starts_with("http://")) rest = rest.substr(7);
    const std::size_t colon = rest.rfind(':');
    std::string host = rest.substr(0, colon);
    if (host == "localhost") host = "127.0.0.1";
    const auto address = base::IpAddress::parse(host);
    const auto port = base::parseInt(colon == std::string::npos ? "2379" : rest.substr(colon + 1));
    if (!address || !port) return base::makeError("Error: failed to parse endpoint " + text);
    target.text = std::move(text);
    target.at = {*address, static_cast<std::uint16_t>(*port)};
    return target;
}

base::Status readTls(ports::Process& process, const Options& options, ports::TlsClient& tls) {
    const auto value = [&](const char* name, const char* variable) {
        if (options.has(name)) return options.value(name);
        const auto found = process.env().find(variable);
        return found == process.env().end() ? std::string() : found->second;
    };
    const std::string ca = value("cacert", "ETCDCTL_CACERT"), cert = value("cert", "ETCDCTL_CERT"), key = value("key", "ETCDCTL_KEY");
    const auto read = [&](const std::string& path) -> base::Result<std::string> {
        auto text = process.files().read(process.resolve(path));
        if (!text.ok()) return base::makeError("Error: open " + path + ": no such file or directory");
        return text;
    };
    tls.insecureSkipVerify = options.has("insecure-skip-tls-verify");
    if (!ca.empty()) {
        BASE_TRY(const std::string pem, read(ca));
        BASE_TRY(tls.roots, pki::readCertificatesPem(pem));
    }
    if (!cert.empty()) {
        BASE_TRY(const std::string pem, read(cert));
        BASE_TRY(const std::string keyPem, read(key));
        BASE_TRY(tls.chain, pki::readCertificatesPem(pem));
        BASE_TRY(tls.key, pki::readKeyPem(keyPem));
    }
    return base::okStatus();
}

// One call; a server that cannot be reached fails after the command's time.
sim::Task<base::Result<Value>> call(ports::Process& process, Target target, ports::TlsClient tls, std::string path, Value body) {
    constexpr sim::Duration kPatience = 5 * sim::kSecond;
    ports::ConnectOptions options;
    options.timeout = kPatience;
    const auto late = base::makeError("context deadline exceeded");
    const auto connection = co_await process.network().connect(target.at, options);
    if (!connection.ok()) {
        co_await sim::sleepFor(process.kernel(), kPatience);
        co_return late;
    }
    if (target.secure) {
        const std::string host = target.at.ip.text();
        const auto secured = co_await (*connection)->startTls(tls, host);
        if (!secured.ok()) {
            co_await sim::sleepFor(process.kernel(), kPatience);
            co_return late;
        }
    }
    ports::Request request;
    request.method = "POST";
    request.path = path;
    request.object = body;
    const auto response = co_await (*connection)->roundTrip(std::move(request));
    (*connection)->close();
    // What answers in words of its own, such as a server that wants TLS, is not etcd.
    if (!response.ok() || (response->status != 200 && !response->object["message"].isString())) {
        co_await sim::sleepFor(process.kernel(), kPatience);
        co_return late;
    }
    if (response->status != 200) co_return base::makeError(response->object["message"].text());
    co_return response->object;
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (widths.size() <= i) widths.push_back(0);
            widths[i] = std::max(widths[i], row[i].size());
        }
    std::string line = "+";
    for (const auto width : widths) line += std::string(width + 2, '-') + "+";
    line += "\n";
    std::string out = line;
    for (std::size_t r = 0; r < rows.size(); ++r) {
        for (std::size_t i = 0; i < rows[r].size(); ++i) {
            const std::size_t pad = widths[i] - rows[r][i].size();
            const std::size_t left = r == 0 ? pad / 2 : pad;
            out += "| " + std::string(left, ' ') + rows[r][i] + std::string(pad - left, ' ') + " ";
        }
        out += "|\n";
        if (r == 0) out += line;
    }
    return out + line;
}

std::string bytesText(std::int64_t bytes) { return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6); }

std::string prefixEnd(std::string key) {
    for (std::size_t i = key.size(); i-- > 0;)
        if (static_cast<unsigned char>(key[i]) < 0xff) {
            key[i] = static_cast<char>(key[i] + 1);
            return key.substr(0, i + 1);
        }
    return std::string(1, '\0');
}

sim::Task<int> failed(ports::Process& process, std::string why) {
    co_await process.writeError("Error: " + why + "\n");
    co_return 1;
}

sim::Task<int> readKeys(ports::Process& process, Target target, ports::TlsClient tls, Options options) {
    const std::string key = options.operands.size() > 1 ? options.operands[1] : "";
    std::string end;
    if (options.has("prefix")) end = key.empty() ? std::string(1, '\0') : prefixEnd(key);
    const Value body = Value::object({{"key", base::encodeBase64(key)}, {"range_end", base::encodeBase64(end)},
                                      {"limit", base::parseInt(options.value("limit", "0")).value_or(0)},
                                      {"revision", base::parseInt(options.value("rev", "0")).value_or(0)}});
    const std::string path = "/v3/kv/range";
    const auto answer = co_await call(process, target, tls, path, body);
    if (!answer.ok()) co_return co_await failed(process, answer.error().message);
    std::string out;
    if (options.has("count-only")) out = "\"Count\" : " + std::to_string((*answer)["count"].asInt()) + "\n";
    if (options.value("write-out") == "json") out = document::writeJson(*answer) + "\n";
    else if (!options.has("count-only"))
        for (const auto& item : (*answer)["kvs"].items()) {
            if (!options.has("print-value-only")) out += base::decodeBase64(item["key"].asString()).value_or("") + "\n";
            if (!options.has("keys-only")) out += base::decodeBase64(item["value"].asString()).value_or("");
            out += "\n";
        }
    co_await process.writeOut(std::move(out));
    co_return 0;
}

sim::Task<int> endpointStatus(ports::Process& process, Target target, ports::TlsClient tls, Options options) {
    const std::string path = "/v3/maintenance/status";
    const auto answer = co_await call(process, target, tls, path, Value());
    if (!answer.ok()) co_return co_await failed(process, answer.error().message);
    const Value& s = *answer;
    const std::string id = s["header"]["member_id"].text(), version = s["version"].text(), size = bytesText(s["dbSize"].asInt()), inUse = bytesText(s["dbSizeInUse"].asInt());
    const std::string index = std::to_string(s["raftIndex"].asInt());
    std::string out = fmt::format("{}, {}, {}, 3.6.0, {}, {}, 0%, 2.1 GB, true, false, 2, {}, {}, , , false\n", target.text, id, version, size, inUse, index, index);
    if (options.value("write-out") == "table")
        out = table({{"ENDPOINT", "ID", "VERSION", "STORAGE VERSION", "DB SIZE", "IN USE", "PERCENTAGE NOT IN USE", "QUOTA", "IS LEADER", "IS LEARNER", "RAFT TERM", "RAFT INDEX", "RAFT APPLIED INDEX", "ERRORS", "DOWNGRADE TARGET VERSION", "DOWNGRADE ENABLED"},
                     {target.text, id, version, "3.6.0", size, inUse, "0%", "2.1 GB", "true", "false", "2", index, index, "", "", "false"}});
    if (options.value("write-out") == "json") out = document::writeJson(Value::array({Value::object({{"Endpoint", target.text}, {"Status", s}})})) + "\n";
    co_await process.writeOut(std::move(out));
    co_return 0;
}

sim::Task<int> members(ports::Process& process, Target target, ports::TlsClient tls, Options options) {
    const std::string path = "/v3/cluster/member/list";
    const auto answer = co_await call(process, target, tls, path, Value());
    if (!answer.ok()) co_return co_await failed(process, answer.error().message);
    std::vector<std::vector<std::string>> rows{{"ID", "STATUS", "NAME", "PEER ADDRS", "CLIENT ADDRS", "IS LEARNER"}};
    std::string out;
    for (const auto& member : (*answer)["members"].items()) {
        rows.push_back({member["ID"].text(), "started", member["name"].text(), member["peerURLs"][0].text(), member["clientURLs"][0].text(), "false"});
        out += base::join(rows.back(), ", ") + "\n";
    }
    if (options.value("write-out") == "table") out = table(rows);
    co_await process.writeOut(std::move(out));
    co_return 0;
}

sim::Task<int> snapshotSave(ports::Process& process, Target target, ports::TlsClient tls, Options options) {
    if (options.operands.size() < 3) co_return co_await failed(process, "snapshot save expects one argument");
    const std::string path = "/v3/maintenance/snapshot", file = options.operands[2];
    const auto answer = co_await call(process, target, tls, path, Value());
    if (!answer.ok()) co_return co_await failed(process, answer.error().message);
    const auto written = process.files().write(process.resolve(file), base::decodeBase64((*answer)["blob"].asString()).value_or(""), 0600);
    if (!written.ok()) co_return co_await failed(process, "could not open " + file + ".part (open " + file + ".part: " + written.error().message + ")");
    co_await process.writeOut("Snapshot saved at " + file + "\nServer version 3.6.0\n");
    co_return 0;
}

sim::Task<int> etcdctl(ports::Process& process, std::vector<std::string> arguments) {
    const Options options = parseOptions(arguments, "-:endpoints -:cacert -:cert -:key w:write-out -=prefix -=keys-only -=print-value-only -:limit -:rev -=count-only "
                                                    "-=cluster -=insecure-skip-tls-verify -:command-timeout -:dial-timeout -=hex -:user -=debug -:lease -=prev-kv -=from-key");
    if (!options.unknown.empty()) co_return co_await failed(process, "unknown flag: " + options.unknown);
    const std::string first = options.operands.empty() ? "" : options.operands[0];
    const std::string second = options.operands.size() > 1 ? options.operands[1] : "";
    if (first == "version") {
        co_await process.writeOut("etcdctl version: 3.6.16\nAPI version: 3.6\n");
        co_return 0;
    }
    const auto fromEnv = process.env().find("ETCDCTL_ENDPOINTS");
    const std::string given = options.value("endpoints", fromEnv == process.env().end() ? "127.0.0.1:2379" : fromEnv->second);
    auto target = parseTarget(base::split(given, ',').front());
    ports::TlsClient tls;
    const auto ready = readTls(process, options, tls);
    if (!target.ok() || !ready.ok()) {
        co_await process.writeError((target.ok() ? ready.error().message : target.error().message) + "\n");
        co_return 1;
    }
    if (given.find("://") == std::string::npos && (!tls.roots.empty() || !tls.chain.empty())) target->secure = true;
    if (first == "get") co_return co_await readKeys(process, *target, tls, options);
    if (first == "endpoint" && second == "status") co_return co_await endpointStatus(process, *target, tls, options);
    if (first == "member" && second == "list") co_return co_await members(process, *target, tls, options);
    if (first == "snapshot" && second == "save") co_return co_await snapshotSave(process, *target, tls, options);
    std::string path, done;
    Value body = Value::object();
    if (first == "endpoint" && second == "health") path = "/v3/maintenance/status";
    if (first == "put" && options.operands.size() > 2) {
        path = "/v3/kv/put";
        done = "OK\n";
        body = Value::object({{"key", base::encodeBase64(second)}, {"value", base::encodeBase64(options.operands[2])}});
    }
    if (first == "del") {
        path = "/v3/kv/deleterange";
        std::string end;
        if (options.has("prefix")) end = prefixEnd(second);
        body = Value::object({{"key", base::encodeBase64(second)}, {"range_end", base::encodeBase64(end)}});
    }
    if (first == "defrag") path = "/v3/maintenance/defragment";
    if (first == "alarm") path = "/v3/maintenance/alarm";
    if (path.empty()) co_return co_await failed(process, "unknown command " + base::quoteGo(first) + " for \"etcdctl\"");
    const auto answer = co_await call(process, *target, tls, path, body);
    if (!answer.ok()) {
        if (second == "health")
            co_await process.writeError(target->text + " is unhealthy: failed to commit proposal: " + answer.error().message + "\nError: unhealthy cluster\n");
        else co_await process.writeError("Error: " + answer.error().message + "\n");
        co_return 1;
    }
    if (second == "health") done = target->text + " is healthy: successfully committed proposal: took = 9.472113ms\n";
    if (first == "del") done = std::to_string((*answer)["deleted"].asInt()) + "\n";
    if (first == "defrag") done = "Finished defragmenting etcd member[" + target->text + "]. took 12.3ms\n";
    co_await process.writeOut(std::move(done));
    co_return 0;
}

} // namespace

std::vector<NamedProgram> etcdTools() { return {tool("etcdctl", etcdctl)}; }

} // namespace tools::system
