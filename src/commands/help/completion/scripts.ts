export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/**
 * What a shell has to know: it asks `cms-relay complete`, so that commands, options and names are those of the version that is
 * installed. An answer is a line for each word, with what it means behind two spaces; `:files` leaves it to the shell.
 */
export const scripts: Readonly<Record<Shell, string>> = {
  bash: `# Completion of cms-relay for bash 4 and newer. For good:
#   cms-relay completion bash > ~/.local/share/bash-completion/completions/cms-relay
_cms_relay() {
  local word
  COMPREPLY=()
  while IFS= read -r word; do
    if [[ $word == :files ]]; then
      compopt -o default
      return
    fi
    COMPREPLY+=("\${word%%  *}")
  done < <(cms-relay complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _cms_relay cms-relay
`,
  zsh: `#compdef cms-relay
# Completion of cms-relay for zsh. For good, in a folder of $fpath:
#   cms-relay completion zsh > ~/.zfunc/_cms-relay
_cms_relay() {
  local line word does
  local -a lines found
  lines=("\${(@f)$(cms-relay complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ $lines[1] == :files ]]; then
    _files
    return
  fi
  for line in $lines; do
    word="\${\${line%%  *}//:/\\\\:}"
    does="\${line#*  }"
    found+=("$word\${does:+:$does}")
  done
  _describe cms-relay found
}
if [[ $funcstack[1] == _cms-relay ]]; then
  _cms_relay "$@"
else
  compdef _cms_relay cms-relay
fi
`,
  fish: `# Completion of cms-relay for fish. For good:
#   cms-relay completion fish > ~/.config/fish/completions/cms-relay.fish
function __cms_relay_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found (cms-relay complete -- $words[2..-1] 2>/dev/null)
  if test "$found[1]" = :files
    __fish_complete_path (commandline -ct)
  else
    string replace '  ' \\t -- $found
  end
end
complete -c cms-relay -f -a '(__cms_relay_complete)'
`,
}
