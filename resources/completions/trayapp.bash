# Completion of trayapp for bash 3.2 and later. For this shell:  source <(trayapp completion bash)
# For every shell:  trayapp completion bash > ~/.local/share/bash-completion/completions/trayapp

_trayapp() {
    local IFS=$' \t\n' line="${COMP_LINE:0:COMP_POINT}" words typed tail cut mark candidate more=1
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    # what stands before the command, such as NAME=value, is none of ours
    while ((${#words[@]} > 1)) && [[ ${words[0]} != "$1" ]]; do words=("${words[@]:1}"); done
    ((${#words[@]} > 1)) || return
    typed="${words[${#words[@]} - 1]}"

    # Bash replaces only what follows the last of these marks, and names of models hold them:
    # of "ollama/qwen3:8b" it has to be given "8b" when "ollama/qwen3:" is typed.
    tail="$typed"
    for mark in : =; do
        [[ $COMP_WORDBREAKS == *"$mark"* ]] && tail="${tail##*"$mark"}"
    done
    # an "@" breaks the word before it, not after
    [[ $COMP_WORDBREAKS == *@* && $tail == *@* ]] && tail="@${tail##*@}"
    cut="${typed%"$tail"}"

    COMPREPLY=()
    while IFS= read -r candidate; do
        [[ $candidate == */ || $candidate == *= ]] || more=
        printf -v candidate %q "${candidate#"$cut"}"
        COMPREPLY+=("$candidate")
    done < <("$1" complete -- "${words[@]:1}" 2>/dev/null)
    # no blank after "provider/" or "name=": they are not finished
    [[ -n $more ]] && type compopt &>/dev/null && compopt -o nospace
    return 0
}

complete -F _trayapp trayapp
