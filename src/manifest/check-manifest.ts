import { didYouMean } from '../bytes/index.ts';
import type { ShapePath } from '../bytes/index.ts';
import { bcdRange } from './bcd-range.ts';
import { channelOf } from './firmware-manifest.ts';
import type {
  FirmwareManifest,
  ManifestBoard,
  ManifestFile,
  ManifestRelease,
} from './firmware-manifest.ts';
import { parseSerialPattern, patternsMeet } from './serial-pattern.ts';
import { compareVersionTexts } from './version.ts';

// What takes two places of a manifest to be seen.

type Fault = (path: ShapePath, words: string) => Error;

/** Throws for the second of two that have the same name. */
function demandUnlike<T>(
  list: readonly T[],
  nameOf: (each: T) => string,
  fault: (at: number, name: string) => Error,
): void {
  const seen = new Set<string>();
  for (const [at, each] of list.entries()) {
    const name = nameOf(each);
    if (seen.has(name)) throw fault(at, name);
    seen.add(name);
  }
}

function mayShareSerial(one: ManifestBoard, other: ManifestBoard): boolean {
  if (one.serial === undefined || other.serial === undefined) return true;
  const patterns = [one.serial, other.serial].map((each) => parseSerialPattern(each) ?? []);
  return patternsMeet(patterns[0] ?? [], patterns[1] ?? []);
}

function mayShareBcd(one: ManifestBoard, other: ManifestBoard): boolean {
  const [[least, most], [low, high]] = [bcdRange(one), bcdRange(other)];
  return least <= high && low <= most;
}

/** Throws where what one board shows in any of its modes is a loader that another may share. */
function demandApart(
  { usb, name }: ManifestBoard,
  { dfuUsb = [], name: other }: ManifestBoard,
  at: number,
  fault: Fault,
): void {
  const shared = usb.find((id) => dfuUsb.includes(id));
  if (shared === undefined) return;
  const words = `${shared} stands in usb of "${name}" and in dfuUsb of "${other}": what several boards have in DFU mode is in dfuUsb of each`;
  throw fault(['boards', at], words);
}

/** Throws where a device might be two of the boards, and none of them says so. */
function checkBoards({ boards }: FirmwareManifest, fault: Fault): void {
  demandUnlike(
    boards,
    ({ name }) => name,
    (at, name) => fault(['boards', at, 'name'], `there is a board "${name}" already`),
  );
  for (const [at, each] of boards.entries()) {
    const [least, most] = bcdRange(each);
    if (least > most) throw fault(['boards', at, 'bcdDevice'], 'least is above most');
    demandApart(each, each, at, fault);
    for (const other of boards.slice(0, at)) {
      demandApart(each, other, at, fault);
      demandApart(other, each, at, fault);
      const shared = each.usb.find((id) => other.usb.includes(id));
      if (shared === undefined || !mayShareBcd(each, other) || !mayShareSerial(each, other)) {
        continue;
      }
      const words = `a device with ${shared} may be "${other.name}" as well: tell them apart by serial or bcdDevice, or list what they share in DFU mode in dfuUsb of each`;
      throw fault(['boards', at], words);
    }
  }
}

/** Throws for boards that are not there. */
function checkNames(file: ManifestFile, names: ReadonlySet<string>, fault: Fault): void {
  for (const [at, name] of (file.boards ?? []).entries()) {
    if (names.has(name)) continue;
    const all = [...names];
    const hint = didYouMean(name, all) || `; there are: ${all.slice(0, 8).join(', ')}`;
    throw fault(['boards', at], `there is no board "${name}"${hint}`);
  }
}

/** Throws for files that a board's owner could not choose between. */
function checkFiles(release: ManifestRelease, { boards }: FirmwareManifest, fault: Fault): void {
  const names = new Set(boards.map(({ name }) => name));
  const labels = new Map([...names].map((name) => [name, new Map<string, string>()]));
  for (const [at, file] of release.files.entries()) {
    checkNames(file, names, (path, words) => fault(['files', at, ...path], words));
    const { label = '', url } = file;
    for (const name of new Set(file.boards ?? names)) {
      const same = labels.get(name)?.get(label);
      if (same !== undefined) {
        const words = `board "${name}" has "${same.slice(0, 60)}" already: tell them apart by label`;
        throw fault(['files', at], words);
      }
      labels.get(name)?.set(label, url);
    }
  }
}

function checkReleases(manifest: FirmwareManifest, fault: Fault): void {
  const { releases } = manifest;
  demandUnlike(
    releases,
    (each) => `${each.version} (${channelOf(each)})`,
    (at, name) => fault(['releases', at], `there is a release ${name} already`),
  );
  for (const [at, release] of releases.entries()) {
    const { version, minimumVersion: least } = release;
    if (least !== undefined && compareVersionTexts(least, version) > 0) {
      throw fault(['releases', at, 'minimumVersion'], `${least} is newer than ${version} itself`);
    }
    checkFiles(release, manifest, (path, words) => fault(['releases', at, ...path], words));
  }
  checkSameUrls(manifest, fault);
}

/** Throws where one address would have to hold two files. */
function checkSameUrls({ releases }: FirmwareManifest, fault: Fault): void {
  const hashes = new Map<string, string>();
  for (const [at, { files }] of releases.entries()) {
    for (const [index, { url, sha256 }] of files.entries()) {
      const before = hashes.get(url) ?? sha256;
      if (before !== sha256) {
        const words = 'the same url has another sha256 elsewhere in the manifest';
        throw fault(['releases', at, 'files', index, 'url'], words);
      }
      hashes.set(url, sha256);
    }
  }
}

/** Throws what `fault` makes for what contradicts itself. */
export function checkManifest(manifest: FirmwareManifest, fault: Fault): void {
  checkBoards(manifest, fault);
  demandUnlike(
    manifest.keys ?? [],
    ({ id }) => id,
    (at, id) => fault(['keys', at, 'id'], `there is a key ${id.slice(0, 16)} already`),
  );
  checkReleases(manifest, fault);
}
