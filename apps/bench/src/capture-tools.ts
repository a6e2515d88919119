import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { realPrograms, type FakeKubernetes } from '@falco-talon/fake-kubernetes';

/** Captures as the tools make them: a head at once, then packets until they are told to end. */
const TOOL = `#!/bin/sh
trap 'echo "2 packets captured" >&2; exit 0' TERM INT
head -c 1000 /dev/zero
while :; do sleep 0.1; head -c 1000 /dev/zero; done
`;
/** Ends by itself. */
const TOOL_AT_ONCE = `#!/bin/sh
head -c 1000 /dev/zero
echo "2 packets captured" >&2
`;

/** Scripts in a folder that play the capture tools in every container of the cluster. */
export async function playCaptureTools(
  fake: FakeKubernetes,
  folder: string,
  { ends }: { readonly ends: 'at once' | 'when told' },
): Promise<void> {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  for (const name of ['tcpdump', 'sysdig']) {
    await writeFile(join(bin, name), ends === 'at once' ? TOOL_AT_ONCE : TOOL);
    await chmod(join(bin, name), 0o755);
  }
  fake.onExec({}, realPrograms({ environment: { PATH: `${bin}:${process.env['PATH'] ?? ''}` } }));
}
