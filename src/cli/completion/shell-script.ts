/** A shell that can be taught. */
export type Shell = 'bash' | 'zsh' | 'fish' | 'powershell';

/** The script of @bomb.sh/tab for a shell; it asks `dfukit complete`. */
export async function shellScript(shell: Shell): Promise<string> {
  const { script } = await import('@bomb.sh/tab');
  const printed: string[] = [];
  // The package knows no other way out.
  const way: { log(text: string): void } = console;
  const { log } = console;
  way.log = (text) => void printed.push(text);
  try {
    script(shell, 'dfukit', 'dfukit');
  } finally {
    way.log = log;
  }
  const text = printed.join('\n');
  return shell === 'bash' ? mended(text) : text;
}

/** What the package's script for bash gets wrong, and what is right. */
const mends: readonly (readonly [wrong: string, right: string])[] = [
  // Read a second time, it complains.
  ['readonly ShellComp', 'ShellComp'],
  // That function comes with a package of its own, bash-completion.
  [
    '    _get_comp_words_by_ref -n "=:" cur prev words cword\n',
    '    if declare -F _get_comp_words_by_ref > /dev/null; then\n' +
      '        _get_comp_words_by_ref -n "=:" cur prev words cword\n' +
      '    else\n' +
      '        cword=$COMP_CWORD cur=${COMP_WORDS[COMP_CWORD]} words=("${COMP_WORDS[@]}")\n' +
      '    fi\n' +
      '    words=("${words[@]:0:cword}")\n',
  ],
  // What is being typed is no command yet: it must not be carried out.
  [
    '"dfukit complete -- ${words[@]:1}"',
    '"dfukit complete -- $(printf \'%q \' "${words[@]:1}" "$cur")"',
  ],
  ['    if [[ -z "$cur" ]]; then\n        requestComp="$requestComp \'\'"\n    fi\n', ''],
  // Bash replaces what stands behind the last colon.
  [
    'COMPREPLY=( $(compgen -W "${completions[*]}" -- "$cur") )',
    'COMPREPLY=( $(compgen -W "${completions[*]}" -- "$cur") )\n' +
      '    if [[ "$cur" == *:* && "$COMP_WORDBREAKS" == *:* ]]; then\n' +
      '        COMPREPLY=( "${COMPREPLY[@]#"${cur%"${cur##*:}"}"}" )\n' +
      '    fi',
  ],
  // Without this, files are never completed.
  ['complete -F', 'complete -o default -F'],
];

function mended(text: string): string {
  return mends.reduce((now, [wrong, right]) => {
    if (!now.includes(wrong)) throw new Error(`the script for bash is another one now: ${wrong}`);
    return now.replaceAll(wrong, () => right);
  }, text);
}
