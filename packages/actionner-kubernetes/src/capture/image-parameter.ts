import { Type } from '@falco-talon/core';

/** The image a capture runs in. */
export function imageParameter(tool: string, image: string) {
  return Type.String({
    default: image,
    pattern: '^[A-Za-z0-9][A-Za-z0-9._:/@+-]*$',
    form: 'the name of an image, such as registry.example.org/tools/capture:1.2',
    description: `Image with ${tool}, /bin/sh and sleep. Pulled when the node does not have it.`,
  });
}
