// find: an expression tree evaluated per file.

#include "base/strings.h"
#include "shell/builtins/builtins.h"
#include "shell/coreutils/coreutils.h"
#include "shell/pattern.h"

#include <algorithm>

namespace shell {
namespace {

// find: an expression tree evaluated per file.
struct FindNode {
    std::string name;
    Strings args;
    std::int64_t number = 0;
    char sign = 0;
    std::unique_ptr<FindNode> left, right; // and, or; not: left
};

using FindPtr = std::unique_ptr<FindNode>;

class FindParser {
public:
    FindParser(Strings words, ports::Process& process) : words_(std::move(words)), process_(process) {}
    std::string error;
    bool acts = false;
    std::int64_t maxDepth = INT64_MAX, minDepth = 0;
    bool depthFirst = false;
    FindPtr parse() {
        if (words_.empty()) return nullptr;
        FindPtr tree = orExpression();
        if (error.empty() && at_ < words_.size())
            error = words_[at_] == ")" ? "you have too many ')'"
                                       : "paths must precede expression: `" + words_[at_] + "'";
        return tree;
    }

private:
    FindPtr join(const char* name, FindPtr left, FindPtr right) {
        auto node = std::make_unique<FindNode>();
        node->name = name;
        node->left = std::move(left);
        node->right = std::move(right);
        return node;
    }
    FindPtr orExpression() {
        FindPtr left = andExpression();
        while (error.empty() && at_ < words_.size() &&
               (words_[at_] == "-o" || words_[at_] == "-or")) {
            ++at_;
            left = join("or", std::move(left), andExpression());
        }
        return left;
    }
    FindPtr andExpression() {
        FindPtr left = notExpression();
        while (error.empty() && at_ < words_.size() && words_[at_] != "-o" &&
               words_[at_] != "-or" && words_[at_] != ")") {
            if (words_[at_] == "-a" || words_[at_] == "-and") ++at_;
            left = join("and", std::move(left), notExpression());
        }
        return left;
    }
    FindPtr notExpression() {
        if (at_ < words_.size() && (words_[at_] == "!" || words_[at_] == "-not")) {
            ++at_;
            return join("not", notExpression(), nullptr);
        }
        return primary();
    }
    std::string argument(const std::string& name) {
        if (at_ >= words_.size()) {
            if (error.empty()) error = "missing argument to `" + name + "'";
            return {};
        }
        return words_[at_++];
    }
    FindPtr primary() {
        auto node = std::make_unique<FindNode>();
        if (at_ >= words_.size()) {
            error = "expected an expression";
            return node;
        }
        const std::string word = words_[at_++];
        if (word == "(") {
            FindPtr inner = orExpression();
            if (error.empty() && (at_ >= words_.size() || words_[at_] != ")"))
                error = "invalid expression; I was expecting to find a ')' somewhere but did not "
                        "see one.";
            ++at_;
            return inner;
        }
        node->name = word;
        static const std::set<std::string> kPlain{
            "-print", "-print0", "-delete",   "-empty",    "-true",       "-false",  "-prune",
            "-ls",    "-quit",   "-readable", "-writable", "-executable", "-nouser", "-nogroup"};
        static const std::set<std::string> kText{
            "-name",   "-iname",    "-path",  "-ipath", "-wholename", "-type",
            "-perm",   "-user",     "-group", "-newer", "-regex",     "-iregex",
            "-printf", "-samefile", "-lname", "-xtype", "-fstype"};
        static const std::set<std::string> kNumber{"-size", "-mtime", "-mmin", "-atime",
                                                   "-amin", "-ctime", "-cmin", "-links",
                                                   "-inum", "-uid",   "-gid"};
        if (word == "-print" || word == "-print0" || word == "-delete" || word == "-printf" ||
            word == "-ls" || word == "-exec" || word == "-execdir" || word == "-ok")
            acts = true;
        if (word == "-delete" || word == "-depth") depthFirst = true;
        if (word == "-depth" || word == "-mount" || word == "-xdev" || word == "-noleaf" ||
            word == "-follow" || word == "-daystart" || word == "-warn" || word == "-nowarn") {
            node->name = "-true";
        } else if (word == "-maxdepth" || word == "-mindepth") {
            const std::string value = argument(word);
            const auto number = base::parseInt(value);
            if (error.empty() && !number)
                error = "Expected a positive decimal integer argument to " + word + ", but got `" +
                        value + "'";
            (word == "-maxdepth" ? maxDepth : minDepth) = number.value_or(0);
            node->name = "-true";
        } else if (word == "-exec" || word == "-execdir" || word == "-ok") {
            while (at_ < words_.size() && words_[at_] != ";" &&
                   !(words_[at_] == "+" && !node->args.empty() && node->args.back() == "{}"))
                node->args.push_back(words_[at_++]);
            if (at_ >= words_.size()) {
                error = "missing argument to `" + word + "'";
                return node;
            }
            node->sign = words_[at_++][0];
        } else if (kText.count(word) > 0) {
            node->args.push_back(argument(word));
            if (word == "-newer") {
                const auto stat = process_.files().stat(process_.resolve(node->args[0]));
                if (!stat.ok())
                    error = "'" + node->args[0] + "': " + stat.error().message;
                else
                    node->number = stat->modified;
            }
            if (word == "-type" && error.empty() &&
                node->args[0].find_first_not_of("fdlpscb,") != std::string::npos)
                error = "Unknown argument to -type: " + node->args[0];
        } else if (kNumber.count(word) > 0) {
            std::string value = argument(word);
            if (!value.empty() && (value[0] == '+' || value[0] == '-')) {
                node->sign = value[0];
                value.erase(0, 1);
            }
            node->args.push_back(value);
            std::size_t digits = 0;
            while (digits < value.size() && std::isdigit(static_cast<unsigned char>(value[digits])))
                ++digits;
            if (error.empty() && digits == 0)
                error = "invalid argument `" + value + "' to `" + word + "'";
            node->number = base::parseInt(value.substr(0, digits)).value_or(0);
        } else if (kPlain.count(word) == 0) {
            error = word[0] == '-' ? "unknown predicate `" + word + "'"
                                   : "paths must precede expression: `" + word + "'";
        }
        return node;
    }
    Strings words_;
    ports::Process& process_;
    std::size_t at_ = 0;
};

class Find {
public:
    Find(ports::Process& process, const FindNode* tree, bool printAll, std::int64_t minDepth,
         std::int64_t maxDepth, bool depthFirst, bool follow)
        : process_(process), tree_(tree), printAll_(printAll), minDepth_(minDepth),
          maxDepth_(maxDepth), depthFirst_(depthFirst), follow_(follow), out_(process) {}
    int status = 0;

    sim::Task<void> walk(std::string path, int depth, std::string root) {
        if (quit_ || depth > 150) co_return;
        const std::string absolute = process_.resolve(path);
        auto stat = follow_ ? process_.files().stat(absolute) : process_.files().lstat(absolute);
        if (!stat.ok()) stat = process_.files().lstat(absolute);
        if (!stat.ok()) {
            co_await out_.flush();
            co_await complain(process_, "'" + path + "': " + stat.error().message);
            status = 1;
            co_return;
        }
        prune_ = false;
        if (!depthFirst_ && depth >= minDepth_) co_await visit(path, *stat, depth, root);
        const bool pruned = std::exchange(prune_, false);
        if (stat->type == ports::FileType::Directory && depth < maxDepth_ && !pruned) {
            const auto entries = process_.files().list(absolute);
            if (!entries.ok()) {
                co_await out_.flush();
                co_await complain(process_, "'" + path + "': " + entries.error().message);
                status = 1;
            } else {
                for (const auto& entry : *entries)
                    if (entry.name != "." && entry.name != "..")
                        co_await walk(joinPath(path, entry.name), depth + 1, root);
            }
        }
        if (depthFirst_ && depth >= minDepth_) co_await visit(path, *stat, depth, root);
        if (out_.full()) co_await out_.flush();
    }
    sim::Task<void> finish() {
        for (auto& [node, paths] : batches_) {
            Strings words;
            for (const std::string& word : node->args)
                if (word == "{}")
                    words.insert(words.end(), paths.begin(), paths.end());
                else
                    words.push_back(word);
            const int code = co_await run(std::move(words));
            if (code != 0) status = 1;
        }
        co_await out_.flush();
    }

private:
    sim::Task<void> visit(const std::string& path, ports::FileStat stat, int depth,
                          const std::string& root) {
        bool value = true;
        if (tree_ != nullptr) value = co_await evaluate(*tree_, path, stat, depth, root);
        if (value && printAll_) out_ << path << "\n";
    }
    static bool compare(const FindNode& node, std::int64_t value) {
        return node.sign == '+'   ? value > node.number
               : node.sign == '-' ? value < node.number
                                  : value == node.number;
    }

    sim::Task<bool> evaluate(const FindNode& node, const std::string& path,
                             const ports::FileStat& stat, int depth, const std::string& root) {
        if (node.name == "and") {
            const bool left = co_await evaluate(*node.left, path, stat, depth, root);
            if (!left) co_return false;
            const bool right = co_await evaluate(*node.right, path, stat, depth, root);
            co_return right;
        }
        if (node.name == "or") {
            const bool left = co_await evaluate(*node.left, path, stat, depth, root);
            if (left) co_return true;
            const bool right = co_await evaluate(*node.right, path, stat, depth, root);
            co_return right;
        }
        if (node.name == "not") {
            const bool value = co_await evaluate(*node.left, path, stat, depth, root);
            co_return !value;
        }
        if (node.name == "-exec" || node.name == "-execdir" || node.name == "-ok") {
            if (node.sign == '+') {
                batches_[&node].push_back(path);
                co_return true;
            }
            Strings words = node.args;
            for (std::string& word : words) word = base::replaceAll(word, "{}", path);
            co_await out_.flush();
            const int code = co_await run(std::move(words));
            co_return code == 0;
        }
        if (node.name == "-delete") {
            const std::string absolute = process_.resolve(path);
            const auto removed = stat.type == ports::FileType::Directory
                                     ? process_.files().removeDirectory(absolute)
                                     : process_.files().removeFile(absolute);
            if (!removed.ok()) {
                co_await complain(process_,
                                  "cannot delete '" + path + "': " + removed.error().message);
                status = 1;
            }
            co_return removed.ok();
        }
        co_return test(node, path, stat, depth, root);
    }

    bool test(const FindNode& node, const std::string& path, const ports::FileStat& stat, int depth,
              const std::string& root) {
        const std::string& name = node.name;
        PatternOptions ignore;
        ignore.ignoreCase = name.size() > 1 && name[1] == 'i';
        if (name == "-true") return true;
        if (name == "-false") return false;
        if (name == "-print")
            out_ << path << "\n";
        else if (name == "-print0")
            out_ << path << std::string_view("\0", 1);
        else if (name == "-printf")
            out_ << printed(node.args[0], path, stat, depth, root);
        else if (name == "-ls")
            out_ << std::to_string(stat.inode) << "      " << std::to_string(blocksOf(stat)) << " "
                 << modeText(stat) << "   " << std::to_string(stat.links) << " "
                 << userName(process_, stat.uid) << "     " << groupName(process_, stat.gid)
                 << "     " << std::to_string(stat.size) << " "
                 << strftimeUtc("%b %e %H:%M", stat.modified) << " " << path << "\n";
        else if (name == "-prune")
            prune_ = true;
        else if (name == "-quit")
            quit_ = true;
        else if (name == "-name" || name == "-iname")
            return matchPattern(node.args[0], lastComponent(path), ignore);
        else if (name == "-path" || name == "-ipath" || name == "-wholename")
            return matchPattern(node.args[0], path, ignore);
        else if (name == "-lname")
            return stat.type == ports::FileType::Symlink &&
                   matchPattern(node.args[0], stat.target, {});
        else if (name == "-type" || name == "-xtype")
            return node.args[0].find(modeText(stat)[0] == '-' ? 'f' : modeText(stat)[0]) !=
                   std::string::npos;
        else if (name == "-empty") {
            if (stat.type == ports::FileType::Directory) {
                const auto entries = process_.files().list(process_.resolve(path));
                return entries.ok() &&
                       std::all_of(entries->begin(), entries->end(),
                                   [](const auto& e) { return e.name == "." || e.name == ".."; });
            }
            return stat.type == ports::FileType::Regular && stat.size == 0;
        } else if (name == "-size")
            return compare(node, sizeIn(node.args[0], stat.size));
        else if (name == "-links")
            return compare(node, static_cast<std::int64_t>(stat.links));
        else if (name == "-inum")
            return compare(node, static_cast<std::int64_t>(stat.inode));
        else if (name == "-uid")
            return compare(node, stat.uid);
        else if (name == "-gid")
            return compare(node, stat.gid);
        else if (name == "-user")
            return userId(process_, node.args[0]) == stat.uid;
        else if (name == "-group")
            return groupId(process_, node.args[0]) == stat.gid;
        else if (name == "-newer")
            return stat.modified > node.number;
        else if (name == "-readable")
            return process_.files().access(process_.resolve(path), 4);
        else if (name == "-writable")
            return process_.files().access(process_.resolve(path), 2);
        else if (name == "-executable")
            return process_.files().access(process_.resolve(path), 1);
        else if (name == "-samefile") {
            const auto other = process_.files().stat(process_.resolve(node.args[0]));
            return other.ok() && other->inode == stat.inode;
        } else if (name == "-perm")
            return permission(node.args[0], stat.mode);
        else if (name.size() > 4 && (name.substr(2) == "time" || name.substr(2) == "min")) {
            const std::int64_t when = name[1] == 'm'   ? stat.modified
                                      : name[1] == 'a' ? stat.accessed
                                                       : stat.changed;
            const std::int64_t unit = name.substr(2) == "min" ? sim::kMinute : 24 * sim::kHour;
            return compare(node, (process_.kernel().unixNow() - when) / unit);
        }
        return true;
    }
    static std::int64_t sizeIn(const std::string& text, std::uint64_t size) {
        const char unit = text.empty() || std::isdigit(static_cast<unsigned char>(text.back()))
                              ? 'b'
                              : text.back();
        const std::uint64_t per = unit == 'c'   ? 1
                                  : unit == 'w' ? 2
                                  : unit == 'k' ? 1024
                                  : unit == 'M' ? 1 << 20
                                  : unit == 'G' ? 1 << 30
                                                : 512;
        return static_cast<std::int64_t>((size + per - 1) / per);
    }
    static bool permission(std::string text, std::uint32_t mode) {
        char how = 0;
        if (text[0] == '-' || text[0] == '/') {
            how = text[0];
            text.erase(0, 1);
        }
        std::uint32_t wanted = 0;
        applyMode(text, wanted, false, 0);
        if (how == '-') return (mode & wanted) == wanted;
        if (how == '/') return wanted == 0 || (mode & wanted) != 0;
        return (mode & 07777) == wanted;
    }
    std::string printed(const std::string& format, const std::string& path,
                        const ports::FileStat& stat, int depth, const std::string& root) {
        std::string out;
        for (std::size_t i = 0; i < format.size(); ++i) {
            if (format[i] == '\\' && i + 1 < format.size()) {
                out += decodeAnsiC(format.substr(i, 2));
                ++i;
            } else if (format[i] == '%' && i + 1 < format.size()) {
                const char c = format[++i];
                if (c == 'p')
                    out += path;
                else if (c == 'f')
                    out += lastComponent(path);
                else if (c == 'h')
                    out += path.rfind('/') == std::string::npos ? "."
                                                                : path.substr(0, path.rfind('/'));
                else if (c == 'P')
                    out += path.size() > root.size()
                               ? path.substr(root.size() + (root.back() == '/' ? 0 : 1))
                               : "";
                else if (c == 'H')
                    out += root;
                else if (c == 'd')
                    out += std::to_string(depth);
                else if (c == 'l')
                    out += stat.type == ports::FileType::Symlink ? stat.target : "";
                else if (c == 'M')
                    out += modeText(stat);
                else if (c == 'm')
                    out += octal(stat.mode, 1);
                else if (c == 'y')
                    out += modeText(stat)[0] == '-' ? 'f' : modeText(stat)[0];
                else if (c == 'k')
                    out += std::to_string(blocksOf(stat));
                else if (c == 'T' || c == 'A' || c == 'C') {
                    const char form = i + 1 < format.size() ? format[++i] : '@';
                    const std::int64_t when = c == 'T'   ? stat.modified
                                              : c == 'A' ? stat.accessed
                                                         : stat.changed;
                    out += form == '@'   ? std::to_string(when / sim::kSecond) + ".0000000000"
                           : form == '+' ? strftimeUtc("%Y-%m-%d+%H:%M:%S.0000000000", when)
                                         : strftimeUtc(std::string("%") + form, when);
                } else if (c == 't')
                    out += strftimeUtc("%a %b %e %H:%M:%S.0000000000 %Y", stat.modified);
                else if (c == 'n')
                    out += std::to_string(stat.links);
                else if (std::string_view("suUgGi%").find(c) != std::string_view::npos)
                    out += formatStat(process_, path, stat,
                                      c == 'u'   ? "%U"
                                      : c == 'U' ? "%u"
                                      : c == 'g' ? "%G"
                                      : c == 'G' ? "%g"
                                                 : std::string("%") + c,
                                      false);
                else
                    out += std::string("%") + c;
            } else {
                out += format[i];
            }
        }
        return out;
    }
    sim::Task<int> run(Strings words) {
        ports::SpawnOptions spawn;
        const std::string name = words.empty() ? "" : words[0];
        spawn.argv = std::move(words);
        spawn.env = process_.env();
        spawn.cwd = process_.cwd();
        const auto pid = process_.startChild(std::move(spawn));
        if (!pid.ok()) {
            co_await complain(process_, "'" + name + "': " + pid.error().message);
            status = 1;
            co_return 1;
        }
        const int code = co_await process_.wait(*pid);
        co_return code;
    }

    ports::Process& process_;
    const FindNode* tree_;
    bool printAll_;
    std::int64_t minDepth_, maxDepth_;
    bool depthFirst_, follow_, prune_ = false, quit_ = false;
    Out out_;
    std::map<const FindNode*, Strings> batches_;
};

sim::Task<int> findMain(ports::Process& process, Strings argv) {
    Strings roots;
    std::size_t at = 1;
    bool follow = false;
    while (at < argv.size() && (argv[at] == "-L" || argv[at] == "-P" || argv[at] == "-H"))
        follow = argv[at++] == "-L";
    while (at < argv.size() && argv[at][0] != '-' && argv[at] != "(" && argv[at] != "!")
        roots.push_back(argv[at++]);
    if (roots.empty()) roots.push_back(".");
    FindParser parser(Strings(argv.begin() + static_cast<std::ptrdiff_t>(at), argv.end()), process);
    const FindPtr tree = parser.parse();
    if (!parser.error.empty()) {
        co_await complain(process, parser.error);
        co_return 1;
    }
    Find find(process, tree.get(), !parser.acts, parser.minDepth, parser.maxDepth,
              parser.depthFirst, follow);
    for (const std::string& root : roots) co_await find.walk(root, 0, root);
    co_await find.finish();
    co_return find.status;
}

} // namespace

const CoreutilEntry kFindTools[] = {{"find", findMain}, {nullptr, nullptr}};

} // namespace shell
