// Files from the person's own computer, and to it.

/** Lets the person choose a file, by the system's own dialogue. */
export function pickFile(chosen: (file: File) => void): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    if (file !== undefined) chosen(file);
  });
  input.click();
}

/** Gives the person a text to keep. */
export function saveText(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun before the address is given up.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
