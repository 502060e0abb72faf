// timonel-window: what `timonel` without a subcommand becomes.
#include "commands.h"

#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
    CLI::App program{"Timonel: the window"};
    app::CommonOptions common;
    program.add_option("--blueprint", common.blueprint, "Built-in blueprint or file");
    program.add_option("--seed", common.seed, "Seed of the simulated world");
    CLI11_PARSE(program, argc, argv);
    return app::runWindow(common, argc, argv);
}
