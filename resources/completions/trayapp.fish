# Completion of trayapp for fish. For this shell:  trayapp completion fish | source
# For every shell:  trayapp completion fish > ~/.config/fish/completions/trayapp.fish

function __trayapp_complete
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    test -n "$current"; or set current ""
    set -l program $typed[1]
    set -e typed[1]
    $program complete --described -- $typed "$current" 2>/dev/null
end

complete -c trayapp -f -a '(__trayapp_complete)'
