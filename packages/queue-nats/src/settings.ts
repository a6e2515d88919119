import { strictObject, Type } from '@falco-talon/core';

const file = (description: string) =>
  Type.Optional(
    Type.String({ minLength: 1, description: `${description} A relative path starts at the data directory.` }),
  );
const secret = (description: string) => Type.Optional(Type.String({ minLength: 1, description, writeOnly: true }));

export const settings = strictObject({
  servers: Type.Array(Type.String({ minLength: 1 }), {
    default: ['nats://127.0.0.1:4222'],
    minItems: 1,
    maxItems: 100,
    description: 'Addresses of the NATS servers, `nats://host:4222` or `tls://host:4222`. One that answers is enough.',
  }),
  name: Type.String({
    default: 'falco-talon',
    pattern: '^[A-Za-z0-9_-]{1,32}$',
    description:
      'Starts the names of all streams and subjects; the same for all replicas, another one per installation.',
  }),
  replicas: Type.Integer({
    default: 1,
    minimum: 1,
    maximum: 5,
    description: 'Servers of the NATS cluster that hold each message.',
  }),
  partitions: Type.Integer({
    default: 16,
    minimum: 1,
    maximum: 256,
    description:
      'Parts the events are divided into by their target, each handled by one replica. Fixed once the queue is made.',
  }),
  lease_seconds: Type.Integer({
    default: 5,
    minimum: 1,
    maximum: 300,
    description: 'A replica that is not heard of for one and a half times as long loses its events to the others.',
  }),
  timeout_seconds: Type.Integer({
    default: 5,
    minimum: 1,
    maximum: 60,
    description: 'How long one call to NATS may take, and how long calls wait for a connection that broke.',
  }),
  max_messages: Type.Integer({
    default: 100_000,
    minimum: 1,
    maximum: 10_000_000,
    description: 'Events not finished yet that the queue holds at most; more are refused.',
  }),
  max_megabytes: Type.Integer({ default: 2048, minimum: 1, description: 'Size they may have together.' }),
  max_dead: Type.Integer({
    default: 10_000,
    minimum: 1,
    description: 'Events set aside that are kept; the oldest are deleted first.',
  }),
  max_dead_megabytes: Type.Integer({ default: 512, minimum: 1, description: 'Size they may have together.' }),
  dead_retention_hours: Type.Integer({
    default: 168,
    minimum: 1,
    description: 'How long an event that was set aside is kept.',
  }),
  deduplication_hours: Type.Integer({
    default: 24,
    minimum: 1,
    description: 'How long the keys of accepted events are remembered; at least deduplication.time_window_seconds.',
  }),
  falcosidekick: Type.Optional(
    strictObject(
      {
        subject: Type.String({
          default: 'falco.>',
          minLength: 1,
          description: 'The subject Falcosidekick publishes to; `>` stands for any ending.',
        }),
        stream: Type.Optional(
          Type.String({
            minLength: 1,
            description:
              'The JetStream stream that keeps them. Without one, what is published while nobody listens is lost.',
          }),
        ),
      },
      { description: 'Takes the alerts that Falcosidekick publishes to NATS, too.' },
    ),
  ),
  user: Type.Optional(Type.String({ minLength: 1, description: 'User of the NATS server.' })),
  password: secret('Password of that user.'),
  token: secret('Token, instead of a user.'),
  nkey_seed: secret('Seed of an NKey, instead of a user.'),
  creds: secret('Contents of a credentials file (a JWT and its seed), instead of a user.'),
  ca_file: file('Authorities of the certificate of the server, PEM; turns TLS on.'),
  cert_file: file('Certificate this client shows, PEM.'),
  key_file: file('Its private key, PEM.'),
});
