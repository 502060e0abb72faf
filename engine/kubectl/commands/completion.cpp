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

constexpr const char* kZsh = R"(#compdef kubectl
compdef _kubectl kubectl
# zsh completion for kubectl
#
# The words of the line go to `kubectl __complete`; its last line is ":" and a number:
# 1 error, 2 no blank after the word, 4 no file names.

_kubectl()
{
    local line directive=0
    local -a answers asked
    asked=("${(@)words[2,CURRENT]}")
    while IFS='' read -r line; do
        case "$line" in
            :*) directive="${line#:}" ;;
            *$'\t'*) answers+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
            *) answers+=("${line//:/\\:}") ;;
        esac
    done < <(kubectl __complete "${asked[@]}" 2>/dev/null)
    if (( directive & 1 )); then
        return 1
    fi
    local -a options
    if (( directive & 2 )); then
        options=(-S '')
    fi
    if (( ${#answers} )); then
        _describe -V 'completions' answers "${options[@]}" && return 0
    fi
    if (( directive & 4 )); then
        return 1
    fi
    _files
}

# Not when the file is run by the completion system itself.
if [ "$funcstack[1]" = "_kubectl" ]; then
    _kubectl
fi
)";

constexpr const char* kFish = R"(# fish completion for kubectl
#
# The words of the line go to `kubectl __complete`; its last line is ":" and a number:
# 1 error, 2 no blank after the word, 4 no file names.

function __kubectl_ask
    set -l typed (commandline -opc)
    set -l last (commandline -ct)
    set -g __kubectl_answers (kubectl __complete $typed[2..-1] "$last" 2>/dev/null)
    set -g __kubectl_directive 1
    if test (count $__kubectl_answers) -gt 0
        set -g __kubectl_directive (string sub --start 2 -- $__kubectl_answers[-1])
        set -e __kubectl_answers[-1]
    end
end

function __kubectl_has_answers
    __kubectl_ask
    test (math "$__kubectl_directive % 2") -eq 0
    and test (count $__kubectl_answers) -gt 0
end

function __kubectl_wants_files
    test (math "floor($__kubectl_directive / 4) % 2") -eq 0
end

complete -c kubectl -e
complete -c kubectl -n '__kubectl_has_answers' -f -k -a '$__kubectl_answers'
complete -c kubectl -n 'not __kubectl_has_answers; and __kubectl_wants_files' -F
)";

constexpr const char* kPowerShell = R"(# powershell completion for kubectl
#
# The words of the line go to `kubectl __complete`; its last line is ":" and a number:
# 1 error, 2 no blank after the word, 4 no file names.

[scriptblock]${__kubectlCompleterBlock} = {
    param($WordToComplete, $CommandAst, $CursorPosition)
    $typed = @($CommandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $CursorPosition } | ForEach-Object { $_.ToString() })
    $asked = @($typed | Select-Object -Skip 1) + "`"$WordToComplete`""
    $answers = @(Invoke-Expression "kubectl __complete $($asked -join ' ') 2>`$null")
    if ($answers.Count -eq 0) { return }
    $directive = [int]$answers[-1].Substring(1)
    if ($directive -band 1) { return }
    $blank = if ($directive -band 2) { '' } else { ' ' }
    $found = $answers | Select-Object -SkipLast 1
    foreach ($line in $found) {
        $word, $text = $line.Split("`t", 2)
        if (-not $text) { $text = ' ' }
        [System.Management.Automation.CompletionResult]::new("$word$blank", $word, 'ParameterValue', $text)
    }
    if (-not $found -and ($directive -band 4)) { '' }
}

Register-ArgumentCompleter -CommandName 'kubectl' -ScriptBlock ${__kubectlCompleterBlock}
)";

const char* scriptFor(const std::string& shell) {
    if (shell == "bash") return kBash;
    if (shell == "zsh") return kZsh;
    if (shell == "fish") return kFish;
    return shell == "powershell" ? kPowerShell : nullptr;
}

} // namespace

sim::Task<Outcome> runCompletion(Session& session) {
    if (session.args.empty()) co_return session.usage("Shell not specified.");
    if (session.args.size() > 1) co_return session.usage("Too many arguments. Expected only the shell type.");
    const std::string shell = session.args[0];
    const char* script = scriptFor(shell);
    if (script == nullptr) co_return session.usage("Unsupported shell type " + base::quoteGo(shell) + ".");
    session.out(script);
    co_return 0;
}

} // namespace kubectl
