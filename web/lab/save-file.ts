/** Hands a file to the person, as a download: nothing leaves the page. */
export function saveFile(
  name: string,
  contents: BlobPart,
  type = 'application/octet-stream',
): void {
  const url = URL.createObjectURL(new Blob([contents], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun before the address is given up.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
