'use strict';
// Where the control groups of a process are, as /proc tells it.

const assert = require('node:assert');
const { describe, it } = require('node:test');
const { groupsOf } = require('../lib/control-groups.js');

const mount = (root, point, type, options) =>
  `32 31 0:29 ${root} ${point} rw - ${type} none ${options}`;

describe('the control groups of a process', () => {
  it('are below their mounts, of either version', () => {
    const mountinfo = [
      mount('/', '/sys/fs/cgroup', 'tmpfs', 'rw'),
      mount('/', '/mnt/groups/memory', 'cgroup', 'rw,memory'),
      mount('/', '/sys/fs/cgroup/cpu', 'cgroup', 'rw,cpu,cpuacct'),
      mount('/', '/mnt/groups/unified', 'cgroup2', 'rw'),
    ].join('\n');
    const memberships = '4:memory:/a/b\n3:cpu,cpuacct:/\n1:pids:/x\n0::/user.slice\n';
    assert.deepStrictEqual(groupsOf(memberships, mountinfo), {
      memory: '/mnt/groups/memory/a/b',
      cpu: '/sys/fs/cgroup/cpu',
      cpuacct: '/sys/fs/cgroup/cpu',
      '': '/mnt/groups/unified/user.slice',
    });
  });

  it('are found where the mount shows a part of the tree', () => {
    const mountinfo = mount('/docker/1', '/sys/fs/cgroup', 'cgroup2', 'rw');
    assert.deepStrictEqual(groupsOf('0::/docker/1', mountinfo), { '': '/sys/fs/cgroup' });
    assert.deepStrictEqual(groupsOf('0::/docker/1/2', mountinfo), { '': '/sys/fs/cgroup/2' });
    assert.deepStrictEqual(groupsOf('0::/other', mountinfo), { '': '/sys/fs/cgroup' });
  });

  it('may have blanks in their names', () => {
    const mountinfo = mount('/a\\040b', '/mnt/c\\040d\\134e', 'cgroup2', 'rw');
    assert.deepStrictEqual(groupsOf('0::/a b/f', mountinfo), { '': '/mnt/c d\\e/f' });
  });
});
