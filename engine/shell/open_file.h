#pragma once
// What a file descriptor of a shell refers to: an end of a pipe, a file, nothing.

#include "ports/program.h"

#include <memory>
#include <string>

namespace shell {

class OpenFile {
public:
    enum Kind { Inherited, PipeRead, PipeWrite, FileOut, Null };

    // Somebody else's pipe; nothing happens to it at the end.
    static std::shared_ptr<OpenFile> inherited(std::shared_ptr<sim::Pipe> pipe);
    // Ends of the shell's own pipes: closed when the last descriptor goes.
    static std::shared_ptr<OpenFile> readEnd(std::shared_ptr<sim::Pipe> pipe);
    static std::shared_ptr<OpenFile> writeEnd(std::shared_ptr<sim::Pipe> pipe);
    // Bytes to be read (a file opened for reading, a here-document).
    static std::shared_ptr<OpenFile> bytes(std::string content);
    static std::shared_ptr<OpenFile> null();
    // Everything written is appended to the file.
    static std::shared_ptr<OpenFile> appendTo(ports::Process& process, std::string path);

    OpenFile(Kind kind, std::shared_ptr<sim::Pipe> pipe) : kind_(kind), pipe_(std::move(pipe)) {}
    ~OpenFile();
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;

    Kind kind() const { return kind_; }
    // A pipe for a child process; files are fed from it by a task that lives as long as this.
    std::shared_ptr<sim::Pipe> pipeFor(ports::Process& process);
    // False when nobody reads any more or the file cannot take it.
    sim::Task<bool> write(std::string bytes);
    // Moves what children wrote into the file.
    void drain();
    const std::string& path() const { return path_; }

private:
    static sim::Task<void> pump(OpenFile* self);
    bool appendNow(std::string bytes);

    Kind kind_;
    std::shared_ptr<sim::Pipe> pipe_;
    std::string path_;
    ports::FileSystem* files_ = nullptr;
    std::uint64_t written_ = 0;
    std::unique_ptr<sim::Scope> scope_;
};

} // namespace shell
