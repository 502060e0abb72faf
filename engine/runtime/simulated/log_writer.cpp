#include "runtime/simulated/log_writer.h"

namespace runtime {
namespace {

// containerd splits lines at this size and marks the pieces as partial.
constexpr std::size_t kMaxLine = 16 * 1024;

// Nanoseconds always have nine digits in log files.
std::string logTime(std::int64_t unixNow) {
    std::string text = sim::formatRfc3339(unixNow);
    const std::string fraction = std::to_string(1'000'000'000 + unixNow % 1'000'000'000).substr(1);
    return text.substr(0, 19) + "." + fraction + "Z";
}

} // namespace

LogWriter::LogWriter(sim::Kernel& kernel, ports::FileSystem& files, std::string path)
    : kernel_(kernel), files_(files), path_(std::move(path)) {
    reopen();
}

void LogWriter::reopen() {
    if (!path_.empty() && !files_.exists(path_)) (void)files_.write(path_, "", 0640);
}

sim::Task<void> LogWriter::copy(std::shared_ptr<LogWriter> self, std::shared_ptr<sim::Pipe> from,
                                bool isError) {
    ++self->open_;
    std::string partial;
    while (true) {
        const std::string bytes = co_await from->read();
        if (bytes.empty()) break;
        for (AttachedOutput& client : self->clients_) {
            const auto& pipe = isError ? client.error : client.output;
            if (pipe) (void)pipe->tryWrite(bytes);
        }
        self->write(bytes, isError, partial);
    }
    if (!partial.empty()) self->line(partial, isError, true);
    if (--self->open_ == 0) self->detachAll(); // attached clients have seen everything
    self->changed_.notify();
}

void LogWriter::write(std::string_view bytes, bool isError, std::string& partial) {
    partial += bytes;
    std::size_t begin = 0;
    for (std::size_t end = partial.find('\n'); end != std::string::npos;
         end = partial.find('\n', begin)) {
        line(std::string_view(partial).substr(begin, end - begin), isError, true);
        begin = end + 1;
    }
    partial.erase(0, begin);
    while (partial.size() >= kMaxLine) {
        line(std::string_view(partial).substr(0, kMaxLine), isError, false);
        partial.erase(0, kMaxLine);
    }
    changed_.notify();
}

void LogWriter::line(std::string_view text, bool isError, bool full) {
    if (path_.empty()) return;
    std::string entry = logTime(kernel_.unixNow());
    entry += isError ? " stderr " : " stdout ";
    entry += full ? "F " : "P ";
    entry += text;
    entry += '\n';
    // A file that was removed under the runtime stays removed, as its open descriptor would.
    if (files_.exists(path_)) (void)files_.append(path_, entry, 0640);
}

void LogWriter::detachAll() {
    for (AttachedOutput& client : clients_) {
        if (client.output) client.output->closeWrite();
        if (client.error) client.error->closeWrite();
    }
    clients_.clear();
}

} // namespace runtime
