// etcdutl: what works on files without a server: snapshot status and restore.
// Source: etcd etcdutl/etcdutl/snapshot_command.go.
#include "base/strings.h"
#include "cluster/programs/control_plane.h"
#include "store/store.h"

#include <fmt/format.h>

namespace cluster {
namespace {

class EtcdutlProgram final : public ports::Program {
public:
    explicit EtcdutlProgram(EtcdWorld& world) : world_(world) {}
    sim::Task<int> run(ports::Process& process) override;

private:
    EtcdWorld& world_;
};

sim::Task<int> EtcdutlProgram::run(ports::Process& process) {
    std::vector<std::string> operands;
    std::string dataDir, format;
    const auto& argv = process.argv();
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string& word = argv[i];
        if (word.starts_with("--data-dir=")) dataDir = word.substr(11);
        else if (word == "--data-dir" && i + 1 < argv.size()) dataDir = argv[++i];
        else if (word == "-w" && i + 1 < argv.size()) format = argv[++i];
        else if (word.starts_with("--write-out=")) format = word.substr(12);
        else if (word.starts_with("--") && word.find('=') == std::string::npos && i + 1 < argv.size()) ++i;
        else if (!word.starts_with("-")) operands.push_back(word);
    }
    if (operands.size() == 1 && operands[0] == "version") {
        co_await process.writeOut("etcdutl version: 3.6.16\nAPI version: 3.6\n");
        co_return 0;
    }
    if (operands.size() < 3 || operands[0] != "snapshot") {
        co_await process.writeError("Error: this lab models `etcdutl snapshot status` and `etcdutl snapshot restore`\n");
        co_return 1;
    }
    const std::string file = operands[2];
    const auto bytes = process.files().read(process.resolve(file));
    if (!bytes.ok()) {
        co_await process.writeError("Error: stat " + file + ": no such file or directory\n");
        co_return 1;
    }
    if (operands[1] == "status") {
        const auto status = store::Store::inspectSnapshot(*bytes);
        if (!status.ok()) {
            co_await process.writeError("Error: " + status.error().message + "\n");
            co_return 1;
        }
        const std::string hash = fmt::format("{:x}", status->hash & 0xffffffff);
        const std::string size = fmt::format("{:.1f} MB", static_cast<double>(bytes->size()) / 1e6);
        std::string out = fmt::format("{}, {}, {}, {}, 3.6.0\n", hash, status->revision, status->keys, size);
        if (format == "table")
            out = fmt::format("+----------+----------+------------+------------+---------+\n|   HASH   | REVISION | TOTAL KEYS | TOTAL SIZE | VERSION |\n"
                              "+----------+----------+------------+------------+---------+\n| {:>8} | {:>8} | {:>10} | {:>10} | {:>7} |\n"
                              "+----------+----------+------------+------------+---------+\n", hash, status->revision, status->keys, size, "3.6.0");
        co_await process.writeOut(std::move(out));
        co_return 0;
    }
    if (dataDir.empty()) dataDir = "default.etcd";
    const auto restored = world_.restore(process.files(), process.resolve(dataDir), *bytes);
    if (!restored.ok()) {
        co_await process.writeError("Error: " + restored.error().message + "\n");
        co_return 1;
    }
    const std::string now = sim::formatRfc3339(process.kernel().unixNow());
    co_await process.writeError(now + "\tinfo\tsnapshot/v3_snapshot.go:305\trestoring snapshot\t{\"path\": \"" + file + "\", \"data-dir\": \"" + dataDir + "\"}\n" +
                                now + "\tinfo\tsnapshot/v3_snapshot.go:333\trestored snapshot\t{\"path\": \"" + file + "\", \"data-dir\": \"" + dataDir + "\"}\n");
    co_return 0;
}

} // namespace

std::shared_ptr<ports::Program> etcdutlProgram(EtcdWorld& world) { return std::make_shared<EtcdutlProgram>(world); }

} // namespace cluster
