// Runs a command in a network namespace of its own, so that no packet of a test leaves the machine. Where the
// rights for that are missing it runs on the host, and says so.
//
//   node scripts/netns.mjs COMMAND [ARGUMENT…]
import { spawnSync } from 'node:child_process';
import { fail, run, say } from './run.mjs';

const command = process.argv.slice(2);
if (command.length === 0) fail('Say what to run: node scripts/netns.mjs COMMAND [ARGUMENT…]');

// Firefox gathers no candidates on loopback alone, and Chromium only with a microphone: a cable with both ends here
// and a default route makes both behave as on any network. The address on loopback stands for another machine.
const cable = `
export PATH="$PATH:/usr/sbin:/sbin"
ip link set lo up &&
ip link add v0 type veth peer name v1 &&
ip addr add 10.78.0.1/24 dev v0 &&
ip link set v0 up && ip link set v1 up &&
ip route add default dev v0 &&
ip addr add 10.79.0.1/32 dev lo || exit 99
export SHOAL_NETNS=1
exec "$@"`;

// Root may have a namespace at once; others where the kernel lets them be root of a user namespace.
const ways = [['-n'], ['-r', '-n']];
const way = ways.find((flags) => spawnSync('unshare', [...flags, 'sh', '-c', cable, '_', 'true']).status === 0);
if (!way) say('netns: no rights for a network namespace; running on the host');
process.exit(way ? await run('unshare', [...way, 'sh', '-c', cable, '_', ...command]) : await run(command[0], command.slice(1)));
