/** The last part of a path, without its query. */
export function fileName(url: string): string {
  return (
    url
      .replace(/[?#].*$/s, '')
      .split('/')
      .at(-1) || url
  );
}
