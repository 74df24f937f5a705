/** What the system says, without the name of the call and of a file that the user did not name. */
export function systemWords(cause: unknown): string {
  const words = cause instanceof Error ? cause.message : String(cause);
  return words.replace(/, \w+(?: '.*)?$/s, '');
}
