// `kubectl completion`: what a shell needs to ask `kubectl __complete`. Source: k8s.io/kubectl
// pkg/cmd/completion.
#include "base/strings.h"
#include "kubectl/commands/commands.h"

namespace kubectl {

namespace {

// Words of our own; the function's name is the one that people bind their aliases to.
constexpr const char* kBash = R"(# bash completion for kubectl
#
# The words of the line go to `kubectl __complete`; its last line is ":" and a number:
# 1 error, 2 no blank after the word, 4 no file names.

__kubectl_answers()
{
    local line
    COMPREPLY=()
    directive=0
    while IFS='' read -r line; do
        case "$line" in
            :*) directive="${line#:}" ;;
            *) COMPREPLY+=("${line%%	*}") ;;
        esac
    done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
}

__start_kubectl()
{
    local words directive
    words=("${COMP_WORDS[@]:0:COMP_CWORD+1}")
    words[0]=kubectl
    __kubectl_answers
    if (( directive & 2 )); then
        compopt -o nospace 2>/dev/null
    fi
    if (( directive & 4 )); then
        compopt +o default 2>/dev/null
    fi
}

if [[ $(type -t compopt) = "builtin" ]]; then
    complete -o default -F __start_kubectl kubectl
else
    complete -o default -o nospace -F __start_kubectl kubectl
fi
)";

} // namespace

sim::Task<Outcome> runCompletion(Session& session) {
    if (session.args.empty()) co_return session.usage("Shell not specified.");
    if (session.args.size() > 1) co_return session.usage("Too many arguments. Expected only the shell type.");
    const std::string shell = session.args[0];
    if (shell == "zsh" || shell == "fish" || shell == "powershell")
        co_return base::makeError("this lab has no " + shell + "; its completion script is not modelled");
    if (shell != "bash") co_return session.usage("Unsupported shell type " + base::quoteGo(shell) + ".");
    session.out(kBash);
    co_return 0;
}

} // namespace kubectl
