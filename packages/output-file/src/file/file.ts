import { resolve } from 'node:path';
import { defineOutput, strictObject, Type } from '@falco-talon/core';
import { artifactFolder } from './artifact-folder.ts';
import { writeArtifact } from './write-artifact.ts';

/** `local:file`: artifacts in a folder of the machine Falco Talon runs on. */
export const file = defineOutput({
  name: 'file',
  description: 'Stores artifacts in a local folder, readable by Falco Talon’s user only.',
  parameters: strictObject({
    destination: Type.String({
      description: 'An existing folder that Falco Talon may write to.',
      minLength: 1,
      maxLength: 4096,
    }),
  }),
  permissions: [],
  examples: [{ description: 'A mounted volume', parameters: { destination: '/var/lib/falco-talon/artifacts' } }],
  validate({ destination }) {
    return destination.includes('\0') ? [{ path: ['destination'], message: 'must not contain NUL' }] : [];
  },
  async store({ parameters, artifact, signal, span }) {
    const folder = await artifactFolder(resolve(parameters.destination));
    await span('write file', () => writeArtifact(folder, artifact, signal));
    return {
      message: `stored ${artifact.key} (${artifact.bytes} bytes) in ${parameters.destination}`,
      objects: {
        file: artifact.key,
        destination: parameters.destination,
        bytes: String(artifact.bytes),
        sha256: artifact.sha256,
      },
    };
  },
});
