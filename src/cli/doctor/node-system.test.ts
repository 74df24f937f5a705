import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { nodeSystem } from './node-system.ts';

const folder = mkdtempSync(join(tmpdir(), 'dfukit-system-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('this computer', () => {
  const system = nodeSystem();

  test('files as they are, and undefined for what there is not', () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'text\n');
    symlinkSync('../drivers/usbfs', join(folder, 'driver'));
    expect(new TextDecoder().decode(system.bytes(path))).toBe('text\n');
    expect(system.names(folder)?.toSorted()).toEqual(['driver', 'file']);
    expect(system.link(join(folder, 'driver'))).toBe('usbfs');
    expect(system.exists(path)).toBe(true);
    expect(system.openFailure(path)).toBeUndefined();
    expect(system.openFailure(join(folder, 'none'))).toBe('ENOENT');
    const none = join(folder, 'none');
    expect([system.bytes(none), system.names(none), system.link(none)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(system.owner(none)).toBeUndefined();
  });

  test.runIf(process.platform === 'linux')('users and groups by name', () => {
    expect(system.owner('/etc/passwd')).toMatchObject({ owner: 'root', group: 'root' });
    expect(system.hasGroup('root')).toBe(true);
    expect(system.hasGroup('')).toBe(false);
    expect(system.user.name).not.toBe('');
    expect(system.user.groups.length).toBeGreaterThan(0);
    expect(['glibc', 'musl']).toContain(system.libc);
  });
});
