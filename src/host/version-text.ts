/** Whether a version stands in a text, as a version of its own: `1.2` does not in `1.20`, `11.2` or `1.2.1`. */
export function namesVersion(text: string, version: string): boolean {
  for (let at = text.indexOf(version); at !== -1; at = text.indexOf(version, at + 1)) {
    const before = text.slice(0, at);
    const behind = text.slice(at + version.length);
    const goesOn = /^\d/.test(version) && /\d\.?$/.test(before);
    const goesOnBehind = /\d$/.test(version) && /^\.?\d/.test(behind);
    if (!goesOn && !goesOnBehind) return true;
  }
  return false;
}
