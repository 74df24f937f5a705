import type { Remedy } from './finding.ts';
import type { FoundDevice } from './found-device.ts';
import type { System } from './system.ts';

/** The file that the rules are put into: in front of 73-seat-late.rules, which reads the tag. */
const RULES_FILE = '/etc/udev/rules.d/60-dfu.rules';

/** Groups that systems have for people who may use devices. */
const GROUPS = ['plugdev', 'usb', 'dialout', 'uucp'] as const;

/** Files of systemd that give devices with the tag to whoever sits in front of the computer. */
const UACCESS = [
  '/usr/lib/udev/rules.d/73-seat-late.rules',
  '/lib/udev/rules.d/73-seat-late.rules',
];

/**
 * The udev rule that lets this user use the device, and how it is put to work. A group that the user is in already
 * works at once and from everywhere; the tag for whoever sits in front of the computer; else a group is joined.
 */
export function udevRemedy(system: System, { id }: FoundDevice): Remedy {
  const [vendor = '', product = ''] = id.split(':');
  const { user } = system;
  const match = `SUBSYSTEM=="usb", ATTR{idVendor}=="${vendor}", ATTR{idProduct}=="${product}"`;
  const own = GROUPS.find((name) => user.groups.includes(name));
  if (own !== undefined) return apply(`${match}, MODE="0660", GROUP="${own}", TAG+="uaccess"`);
  if (isAtSeat(system)) return apply(`${match}, MODE="0660", TAG+="uaccess"`);
  const there = GROUPS.find((name) => system.hasGroup(name));
  if (there === undefined) return apply(`${match}, MODE="0666"`);
  const { words, ...rest } = apply(`${match}, MODE="0660", GROUP="${there}", TAG+="uaccess"`);
  return {
    ...rest,
    words: `${words}; join the group ${there}, and log in again`,
    commands: [...rest.commands, `sudo usermod -a -G ${there} ${user.name}`],
  };
}

/** Whether the user sits in front of this computer, as systemd sees it, and not at the end of a wire. */
function isAtSeat(system: System): boolean {
  const { environment } = system;
  const remote = environment['SSH_CONNECTION'] !== undefined;
  const session =
    environment['XDG_SEAT'] ?? environment['DISPLAY'] ?? environment['WAYLAND_DISPLAY'];
  return !remote && session !== undefined && UACCESS.some((path) => system.exists(path));
}

function apply(udevRule: string): Remedy {
  return {
    words: `put a rule into ${RULES_FILE} and let udev read it`,
    commands: [
      `echo '${udevRule}' | sudo tee -a ${RULES_FILE}`,
      'sudo udevadm control --reload',
      'sudo udevadm trigger --action=add --subsystem-match=usb',
    ],
    udevRule,
  };
}
