// tar: create, extract and list archives in the ustar format, without compression. Source: tar(1),
// ustar in POSIX.1-1988.

#include "runtime/tar.h"

#include "base/strings.h"
#include "ports/busybox.h"

#include <algorithm>

namespace runtime {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kMaxArchive = 256u << 20;

struct Options {
    char mode = 0;
    bool verbose = false, compressed = false;
    std::string file = "-", directory;
    std::vector<std::string> names;
    std::string problem;
};

// The first word may be a bundle of letters without a dash.
Options parse(const std::vector<std::string>& argv) {
    Options out;
    std::vector<char> waiting; // letters whose values follow
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string& word = argv[i];
        if (!waiting.empty()) {
            (waiting.front() == 'f' ? out.file : out.directory) = word;
            waiting.erase(waiting.begin());
            continue;
        }
        if (word.rfind("--", 0) == 0) {
            if (word.rfind("--directory=", 0) == 0) out.directory = word.substr(12);
            else if (word.rfind("--file=", 0) == 0) out.file = word.substr(7);
            else if (word == "--create" || word == "--extract" || word == "--list") out.mode = word[2] == 'e' ? 'x' : word[2] == 'l' ? 't' : 'c';
            else if (word.rfind("--no-same-", 0) != 0 && word != "--no-recursion") out.problem = "tar: unrecognized option '" + word + "'";
            continue;
        }
        if (word.size() < 2 || (word[0] != '-' && i != 1)) {
            out.names.push_back(word);
            continue;
        }
        const std::string letters = word[0] == '-' ? word.substr(1) : word;
        for (std::size_t k = 0; k < letters.size(); ++k) {
            const char letter = letters[k];
            if (letter == 'c' || letter == 'x' || letter == 't') out.mode = letter;
            else if (letter == 'v') out.verbose = true;
            else if (letter == 'z' || letter == 'j' || letter == 'J') out.compressed = true;
            else if (letter == 'f' || letter == 'C') {
                const std::string rest = word[0] == '-' ? letters.substr(k + 1) : "";
                if (!rest.empty()) {
                    (letter == 'f' ? out.file : out.directory) = rest;
                    break;
                }
                waiting.push_back(letter);
            } else if (letter != 'm' && letter != 'p' && letter != 'o') {
                out.problem = std::string("tar: invalid option -- '") + letter + "'";
            }
        }
    }
    return out;
}

std::string octal(std::uint64_t number, std::size_t width) {
    std::string out;
    for (std::size_t i = 0; i + 1 < width; ++i, number /= 8) out.insert(out.begin(), static_cast<char>('0' + number % 8));
    return out + '\0';
}

void put(std::string& header, std::size_t at, const std::string& text) { header.replace(at, text.size(), text); }

std::string header(const std::string& name, char type, const ports::FileStat& stat, std::uint64_t size, const std::string& target) {
    std::string out(kBlock, '\0');
    std::string shown = name, prefix;
    if (shown.size() > 100) {
        const std::size_t slash = shown.find('/', shown.size() - 100);
        if (slash != std::string::npos) {
            prefix = shown.substr(0, slash);
            shown = shown.substr(slash + 1);
        }
    }
    put(out, 0, shown.substr(0, 100));
    put(out, 100, octal(stat.mode & 07777, 8));
    put(out, 108, octal(stat.uid, 8));
    put(out, 116, octal(stat.gid, 8));
    put(out, 124, octal(size, 12));
    put(out, 136, octal(static_cast<std::uint64_t>(stat.modified / sim::kSecond), 12));
    put(out, 148, "        ");
    out[156] = type;
    put(out, 157, target.substr(0, 100));
    put(out, 257, std::string("ustar\0", 6) + "00");
    put(out, 345, prefix.substr(0, 155));
    std::uint64_t sum = 0;
    for (const char c : out) sum += static_cast<unsigned char>(c);
    put(out, 148, octal(sum, 7) + " ");
    return out;
}

struct Maker {
    const ports::FileSystem& files;
    const bool busybox;
    std::string out, listing, errors;
    bool stripped = false, failed = false;

    void add(const std::string& path, const std::string& shown) {
        const auto stat = files.lstat(path);
        if (!stat.ok()) {
            errors += "tar: " + shown + (busybox ? ": " : ": Cannot stat: ") + stat.error().message + "\n";
            failed = true;
            return;
        }
        std::string name = shown;
        if (name.rfind("/", 0) == 0) {
            if (!stripped)
                errors = (busybox ? "tar: removing leading '/' from member names\n"
                                  : "tar: Removing leading `/' from member names\n") + errors;
            stripped = true;
            name = name.substr(name.find_first_not_of('/') == std::string::npos ? name.size() : name.find_first_not_of('/'));
        }
        if (stat->type == ports::FileType::Symlink) {
            out += header(name, '2', *stat, 0, stat->target);
        } else if (stat->type == ports::FileType::Directory) {
            const std::string folder = name.empty() || name.back() == '/' ? name : name + "/";
            if (!folder.empty()) out += header(folder, '5', *stat, 0, "");
            listing += folder + "\n";
            const auto listed = files.list(path);
            if (!listed.ok()) return;
            for (const ports::DirectoryEntry& entry : *listed)
                add((path == "/" ? "" : path) + "/" + entry.name, (shown.back() == '/' ? shown : shown + "/") + entry.name);
            return;
        } else {
            auto content = files.read(path);
            if (!content.ok()) {
                errors += "tar: " + shown + (busybox ? ": " : ": Cannot open: ") + content.error().message + "\n";
                failed = true;
                return;
            }
            out += header(name, '0', *stat, content->size(), "");
            out += *content;
            out.append((kBlock - content->size() % kBlock) % kBlock, '\0');
        }
        listing += name + "\n";
    }
};

std::uint64_t readOctal(std::string_view field) {
    std::uint64_t out = 0;
    for (const char c : field)
        if (c >= '0' && c <= '7') out = out * 8 + static_cast<std::uint64_t>(c - '0');
    return out;
}

std::string textField(const std::string& block, std::size_t at, std::size_t size) {
    const std::string field = block.substr(at, size);
    return field.substr(0, field.find('\0'));
}

class TarProgram final : public ports::Program {
public:
    sim::Task<int> run(ports::Process& process) override {
        const Options options = parse(process.argv());
        if (!options.problem.empty() || options.mode == 0) {
            const std::string text = options.problem.empty()
                                         ? "tar: You must specify one of the '-Acdtrux', '--delete' or '--test-label' options"
                                         : options.problem;
            co_await process.writeError(text + "\nTry 'tar --help' or 'tar --usage' for more information.\n");
            co_return 2;
        }
        if (options.compressed) {
            co_await process.writeError("tar: compressed archives are not modelled here; leave -z, -j and -J out\n");
            co_return 2;
        }
        std::string base = process.cwd();
        if (!options.directory.empty()) base = process.resolve(options.directory);
        if (!process.files().isDirectory(base)) {
            co_await process.writeError("tar: " + options.directory + ": Cannot open: No such file or directory\ntar: Error is not recoverable: exiting now\n");
            co_return 2;
        }
        int code = 0;
        if (options.mode == 'c') code = co_await create(process, options, base);
        else code = co_await unpack(process, options, base);
        co_return code;
    }

private:
    static std::string under(const std::string& base, const std::string& name) {
        if (!name.empty() && name[0] == '/') return name;
        return base == "/" ? "/" + name : base + "/" + name;
    }

    static sim::Task<int> create(ports::Process& process, Options options, std::string base) {
        if (options.names.empty()) {
            co_await process.writeError("tar: Cowardly refusing to create an empty archive\nTry 'tar --help' or 'tar --usage' for more information.\n");
            co_return 2;
        }
        Maker maker{process.files(), ports::isBusybox(process, "tar"), {}, {}, {}};
        for (const std::string& name : options.names) {
            std::string path = under(base, name);
            while (path.size() > 1 && path.back() == '/') path.pop_back();
            maker.add(path, name);
        }
        if (!maker.errors.empty()) co_await process.writeError(maker.errors);
        maker.out.append(2 * kBlock, '\0');
        if (options.file == "-") {
            co_await process.writeOut(maker.out);
        } else {
            const base::Status written = process.files().write(process.resolve(options.file), maker.out, 0666);
            if (!written.ok()) {
                co_await process.writeError("tar: " + options.file + ": Cannot open: " + written.error().message + "\ntar: Error is not recoverable: exiting now\n");
                co_return 2;
            }
            if (options.verbose) co_await process.writeOut(maker.listing);
        }
        if (!maker.failed) co_return 0;
        co_await process.writeError(maker.busybox ? "tar: error exit delayed from previous errors\n"
                                                  : "tar: Exiting with failure status due to previous errors\n");
        co_return maker.busybox ? 1 : 2;
    }

    static sim::Task<int> unpack(ports::Process& process, Options options, std::string base) {
        std::string archive;
        if (options.file == "-") {
            const auto input = process.input();
            while (input && archive.size() < kMaxArchive) {
                const std::string bytes = co_await input->read();
                if (bytes.empty()) break;
                archive += bytes;
            }
        } else {
            auto content = process.files().read(process.resolve(options.file));
            if (!content.ok()) {
                co_await process.writeError("tar: " + options.file + ": Cannot open: " + content.error().message + "\ntar: Error is not recoverable: exiting now\n");
                co_return 2;
            }
            archive = std::move(*content);
        }
        std::string listing, errors;
        if (archive.size() % kBlock != 0 || archive.empty()) errors = "tar: This does not look like a tar archive\n";
        for (std::size_t at = 0; errors.empty() && at + kBlock <= archive.size();) {
            const std::string block = archive.substr(at, kBlock);
            at += kBlock;
            if (block.find_first_not_of('\0') == std::string::npos) break;
            const std::size_t size = readOctal(block.substr(124, 12));
            if (size > archive.size() - at) {
                errors = "tar: Unexpected EOF in archive\n";
                break;
            }
            const std::string content = archive.substr(at, size);
            at += (size + kBlock - 1) / kBlock * kBlock;
            const std::string prefix = textField(block, 345, 155);
            const std::string name = (prefix.empty() ? "" : prefix + "/") + textField(block, 0, 100);
            listing += name + "\n";
            if (options.mode == 'x') errors += place(process.files(), under(base, name), name, block, content);
        }
        if (options.mode == 't' || options.verbose) co_await process.writeOut(listing);
        if (!errors.empty()) co_await process.writeError(errors + "tar: Exiting with failure status due to previous errors\n");
        co_return errors.empty() ? 0 : 2;
    }

    static std::string place(ports::FileSystem& files, std::string path, const std::string& name, const std::string& block,
                             const std::string& content) {
        while (path.size() > 1 && path.back() == '/') path.pop_back();
        for (const std::string& part : base::split(name, '/'))
            if (part == "..") return "tar: " + name + ": Member name contains '..'\n";
        const auto mode = static_cast<std::uint32_t>(readOctal(block.substr(100, 8)));
        const std::string parent = path.substr(0, path.rfind('/'));
        if (!parent.empty() && !files.exists(parent)) (void)files.makeDirectories(parent, 0755);
        base::Status done = base::okStatus();
        if (block[156] == '5') {
            if (!files.isDirectory(path)) done = files.makeDirectories(path, mode);
        } else if (block[156] == '2') {
            done = files.symlink(textField(block, 157, 100), path);
        } else {
            done = files.write(path, content, mode);
            if (done.ok()) (void)files.chmod(path, mode);
        }
        return done.ok() ? std::string() : "tar: " + name + ": Cannot open: " + done.error().message + "\n";
    }
};

} // namespace

std::shared_ptr<ports::Program> tarProgram() { return std::make_shared<TarProgram>(); }

} // namespace runtime
