#include "shell/open_file.h"

namespace shell {
namespace {
constexpr std::uint64_t kMaxFileBytes = 512u << 20; // a runaway loop must not fill the machine
}

std::shared_ptr<OpenFile> OpenFile::inherited(std::shared_ptr<sim::Pipe> pipe) {
    return std::make_shared<OpenFile>(pipe ? Inherited : Null, std::move(pipe));
}
std::shared_ptr<OpenFile> OpenFile::readEnd(std::shared_ptr<sim::Pipe> pipe) {
    return std::make_shared<OpenFile>(PipeRead, std::move(pipe));
}
std::shared_ptr<OpenFile> OpenFile::writeEnd(std::shared_ptr<sim::Pipe> pipe) {
    return std::make_shared<OpenFile>(PipeWrite, std::move(pipe));
}
std::shared_ptr<OpenFile> OpenFile::bytes(std::string content) {
    auto pipe = std::make_shared<sim::Pipe>(content.size() + 1);
    pipe->tryWrite(content);
    pipe->closeWrite();
    return std::make_shared<OpenFile>(Inherited, std::move(pipe));
}
std::shared_ptr<OpenFile> OpenFile::null() { return std::make_shared<OpenFile>(Null, nullptr); }

std::shared_ptr<OpenFile> OpenFile::appendTo(ports::Process& process, std::string path) {
    auto file = std::make_shared<OpenFile>(FileOut, nullptr);
    file->path_ = std::move(path);
    file->files_ = &process.files();
    return file;
}

OpenFile::~OpenFile() {
    drain();
    if (kind_ == PipeRead) pipe_->closeRead();
    if (kind_ == PipeWrite) pipe_->closeWrite();
}

bool OpenFile::appendNow(std::string bytes) {
    if (kind_ == Null) return true;
    if (written_ + bytes.size() > kMaxFileBytes) return false;
    written_ += bytes.size();
    return files_->append(path_, bytes).ok();
}

void OpenFile::drain() {
    if ((kind_ != FileOut && kind_ != Null) || !pipe_) return;
    if (std::string rest = pipe_->tryRead(); !rest.empty()) appendNow(std::move(rest));
}

sim::Task<void> OpenFile::pump(OpenFile* self) {
    const auto pipe = self->pipe_;
    while (true) {
        std::string bytes = co_await pipe->read();
        if (bytes.empty()) co_return;
        const auto cost = static_cast<sim::Duration>(bytes.size()); // about 1 GB/s
        if (!self->appendNow(std::move(bytes))) pipe->closeRead();
        co_await sim::sleepFor(self->scope_->kernel(), cost);
    }
}

std::shared_ptr<sim::Pipe> OpenFile::pipeFor(ports::Process& process) {
    if (pipe_) return pipe_;
    pipe_ = std::make_shared<sim::Pipe>();
    scope_ = std::make_unique<sim::Scope>(process.kernel());
    scope_->spawn(pump(this), "file writer");
    return pipe_;
}

sim::Task<bool> OpenFile::write(std::string bytes) {
    if (kind_ == FileOut) {
        drain();
        co_return appendNow(std::move(bytes));
    }
    if (kind_ == Null) co_return true;
    co_return co_await pipe_->write(std::move(bytes));
}

} // namespace shell
