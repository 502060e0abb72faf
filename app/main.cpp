// timonel: picks a subcommand.
#include "commands.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

#include <unistd.h>

namespace {

// The window is a program of its own, beside this one, so that the other subcommands need not load Qt.
int becomeWindow(char** argv) {
    std::error_code ignored;
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", ignored);
    const std::string window = self.parent_path() / "timonel-window";
    execv(window.c_str(), argv);
    std::fputs("This build has no window; see timonel --help for the other subcommands.\n", stderr);
    return 2;
}

} // namespace

int main(int argc, char** argv) {
    CLI::App program{"Timonel: a desktop lab for learning to run Kubernetes"};
    program.set_version_flag("--version", std::string("timonel ") + TIMONEL_VERSION);
    app::CommonOptions common;
    const auto addCommon = [&common](CLI::App* command) {
        command->add_option("--blueprint", common.blueprint, "Built-in blueprint or file")->capture_default_str();
        command->add_option("--seed", common.seed, "Seed of the simulated world")->capture_default_str();
        return command;
    };
    addCommon(&program);
    const auto* batch = addCommon(program.add_subcommand("batch", "Speak the batch protocol on standard input and output"));
    const auto* shell = addCommon(program.add_subcommand("shell", "Log in on the control plane from this terminal"));
    app::ServeOptions serving;
    auto* serve = addCommon(program.add_subcommand("serve", "Serve the API to real clients over loopback HTTPS"));
    serve->add_option("--listen", serving.listen, "Address and port")->capture_default_str();
    serve->add_option("--kubeconfig", serving.kubeconfig, "Where to write the kubeconfig file");
    serve->add_option("--pace", serving.pace, "Virtual seconds per second")->capture_default_str();
    auto* pack = program.add_subcommand("pack", "Check, list or begin packs");
    std::string verb;
    std::vector<std::string> paths;
    int seeds = 5;
    pack->add_option("verb", verb, "test, list or new")->required();
    pack->add_option("paths", paths, "Folders or archives");
    pack->add_option("--seeds", seeds, "How many seeds to prove with")->capture_default_str();
    CLI11_PARSE(program, argc, argv);
    if (*batch) return app::runBatch(common);
    if (*shell) return app::runShell(common);
    if (*serve) return app::runServe(common, serving);
    if (*pack) return app::runPack(verb, paths, seeds);
    return becomeWindow(argv);
}
