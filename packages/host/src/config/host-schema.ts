import { oneOf, strictObject, Type, type Static, type TString } from '@falco-talon/core';
import { DEFAULT_LIMITS } from '@falco-talon/engine';
import { budgetsSchema } from './budgets.ts';
import { SECRET_LENGTH } from '../door/credentials.ts';
import { MOST_TOLERANCE } from '../door/nonces.ts';
import { LOG_FORMATS, LOG_LEVELS } from '../logging/logger.ts';

const MODES = ['enforce', 'observe'] as const;
const count = (value: number, description: string, minimum = 1) =>
  Type.Integer({ default: value, minimum, description });
const seconds = (value: number, description: string, minimum = 1) =>
  Type.Number({ default: value, minimum, description: `Seconds. ${description}` });
const flag = (value: boolean, description: string) => Type.Boolean({ default: value, description });
const text = (value: string, description: string) => Type.String({ default: value, description });

const deduplication = strictObject(
  {
    leader_election: flag(
      true,
      'Of several replicas in a cluster that do not share a queue, choose one that acts; the others hand over to it.',
    ),
    time_window_seconds: seconds(
      5,
      'An alert equal to one accepted this recently is counted, not run. 0 turns it off.',
      0,
    ),
  },
  { description: 'Equal alerts are run once.' },
);

const secret = (minLength: number, options: { pattern?: string; form?: string } = {}) =>
  Type.String({ minLength, writeOnly: true, ...options });
const secrets = (description: string, item: TString) => Type.Array(item, { default: [], description });
const files = (what: string) =>
  Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    description: `Files with ${what}, one a line. They are read again when they change; a relative path starts at this file.`,
  });
const file = (description: string) => text('', `${description} A relative path starts at this file.`);

const auth = strictObject(
  {
    tokens: secrets(
      'Sent as `Authorization: Bearer …`.',
      secret(SECRET_LENGTH, { pattern: '^[!-~]+$', form: 'visible ASCII characters without spaces' }),
    ),
    token_files: files('tokens'),
    basic: secrets(
      '`user:password`, as Falco sends them when they stand in its URL.',
      secret(3, { pattern: '^[^:]+:.+$', form: 'user:password' }),
    ),
    basic_files: files('`user:password`'),
    secret_paths: secrets(
      'Alerts are taken at `/<path>` too, for senders that can send nothing but a URL.',
      secret(SECRET_LENGTH, { pattern: '^[A-Za-z0-9_.~-]+$', form: 'letters, digits, -, ., _ and ~' }),
    ),
    secret_path_files: files('such paths'),
    hmac_keys: secrets('Keys alerts are signed with; each alert has a signature of its own.', secret(SECRET_LENGTH)),
    hmac_key_files: files('such keys'),
    hmac_tolerance_seconds: Type.Number({
      default: 300,
      minimum: 1,
      maximum: MOST_TOLERANCE,
      description: "Seconds. The clock of a sender may differ from this server's by so much.",
    }),
    allowed_senders: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: 'Ranges of addresses (`10.0.0.0/8`) alerts are taken from, whatever else they bring; empty: all.',
    }),
  },
  { description: 'Who may send alerts: whoever brings one of these. With none of them everybody may.' },
);

const tls = strictObject(
  {
    cert_file: file('Certificate of the server, PEM; turns HTTPS on.'),
    key_file: file('Its private key, PEM.'),
    client_ca_file: file('Authorities of client certificates, PEM: who shows such a certificate may send alerts.'),
    client_names: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: 'Names of which a client certificate must have one (DNS name or common name); empty: any.',
    }),
  },
  { description: 'The files are read again when they change; open connections go on as they are.' },
);

const monitoring = strictObject(
  {
    listen_address: text('', 'Address /healthz, /readyz and /metrics are served on; empty: listen_address.'),
    listen_port: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 65535,
        description: 'Port of their own for them, plain HTTP. Absent: they are served where alerts are taken.',
      }),
    ),
  },
  { description: 'Where probes and metrics are served.' },
);

const intake = strictObject(
  {
    require_auth: flag(false, 'Do not start when everybody may send alerts to an address other machines can reach.'),
    auth,
    tls,
    sender_rate: Type.Number({
      default: 0,
      minimum: 0,
      description:
        'Alerts a second one address, or one /64 network of IPv6, may send, and as many at once after a silence. 0: no limit.',
    }),
    max_body_bytes: count(1024 * 1024, 'Bytes one alert may have.'),
    max_in_flight: count(1000, 'Alerts waiting for the queue at a time; more are answered 503.'),
    max_buffered_bytes: count(64 * 1024 * 1024, 'Bytes of alerts being received at a time; more are answered 503.'),
    max_connections: count(
      4096,
      'Open connections. When there are more, the oldest of those that have not shown credentials is ended.',
    ),
    max_connections_per_sender: count(1024, 'Of these, connections of one address, or one /64 network of IPv6.'),
    headers_timeout_seconds: seconds(5, 'Time a sender has for the headers of a request.'),
    request_timeout_seconds: seconds(8, 'Time a sender has for a whole request.'),
    keep_alive_timeout_seconds: seconds(65, 'How long an idle connection stays open.'),
  },
  { description: 'How alerts are taken.' },
);

const limits = strictObject(
  {
    in_flight: count(DEFAULT_LIMITS.inFlight, 'Events being worked on at a time.'),
    concurrency: count(DEFAULT_LIMITS.concurrency, 'Actions running at a time.'),
    long_concurrency: count(DEFAULT_LIMITS.longConcurrency, 'The same for actions that announce more than 5 s.'),
    artifact_bytes: count(DEFAULT_LIMITS.artifactBytes, 'Bytes one artifact may have; longer ones are cut.'),
    spool_bytes: count(DEFAULT_LIMITS.spoolBytes, 'Bytes all artifacts that wait for their upload may have together.'),
    step_attempts: count(DEFAULT_LIMITS.stepAttempts, 'Attempts of one action.'),
    event_attempts: count(
      DEFAULT_LIMITS.eventAttempts,
      'Attempts of one event, over crashes of the process too, before it is set aside.',
    ),
  },
  { description: 'Limits of the engine.' },
);

/** The keys of config.yaml that belong to the program itself. Sections of plugins stand beside them. */
export const hostSchema = strictObject({
  listen_address: text('0.0.0.0', 'Address the server listens on.'),
  listen_port: Type.Integer({
    default: 2803,
    minimum: 0,
    maximum: 65535,
    description: 'Port the server listens on; 0 takes a free one.',
  }),
  advertise_address: text(
    '',
    'Address other replicas reach this server at, for leader election. Empty: listen_address when it is one, else $POD_IP, else the first address of this machine.',
  ),
  rules_files: Type.Array(Type.String({ minLength: 1 }), {
    default: ['/etc/falco-talon/rules.yaml'],
    description:
      'Files and directories with rules, in order. A relative path starts at this file, or where nothing is there, at the working directory.',
  }),
  watch_rules: flag(true, 'Load the rules again when their files change.'),
  print_all_events: flag(false, 'Write a log line for every alert, not only for the ones a rule matches.'),
  default_notifiers: Type.Array(Type.String({ minLength: 1 }), {
    default: [],
    description: 'Notifiers of every rule, beside its own.',
  }),
  mode: oneOf(MODES, { default: 'enforce', description: '`observe`: every rule is a dry run.' }),
  log_format: oneOf(LOG_FORMATS, {
    default: 'color',
    description: '`color` is written as `text` when the output is no terminal or NO_COLOR is set.',
  }),
  log_level: oneOf(LOG_LEVELS, { default: 'info', description: 'Lines below this level are not written.' }),
  data_directory: text(
    '',
    'Where the queue and artifacts on their way are kept; a relative path starts at this file. Empty: /var/lib/falco-talon when it can be written, else $XDG_STATE_HOME/falco-talon or ~/.local/state/falco-talon.',
  ),
  shutdown_grace_period: seconds(
    25,
    'The process ends two seconds before these are over when told to stop: what runs is finished, or goes on after the restart.',
  ),
  shutdown_delay_seconds: seconds(
    0,
    'Part of it: alerts are still taken for so long after SIGTERM, while /readyz answers 503, until senders are led elsewhere.',
    0,
  ),
  watchdog_seconds: Type.Integer({
    default: 30,
    minimum: 0,
    description:
      'The process is ended, to be started again by its supervisor, when it could not do anything for this long (a plugin in an endless loop). 0 turns it off.',
  }),
  plugins: Type.Optional(
    Type.Array(Type.String({ minLength: 1 }), {
      description: 'npm names or paths (relative to this file) of the plugins to load, instead of the shipped ones.',
    }),
  ),
  deduplication,
  guard: strictObject({ budgets: budgetsSchema }, { description: 'What may keep an action from acting.' }),
  intake,
  monitoring,
  limits,
});
export type HostConfig = Omit<Static<typeof hostSchema>, 'mode' | 'log_format' | 'log_level'> & {
  readonly mode: (typeof MODES)[number];
  readonly log_format: (typeof LOG_FORMATS)[number];
  readonly log_level: (typeof LOG_LEVELS)[number];
};

/** Keys that the first releases knew: their environment names work without the prefix. */
export const OLD_KEYS: ReadonlySet<string> = new Set([
  'listen_address',
  'listen_port',
  'rules_files',
  'kubeconfig',
  'log_format',
  'watch_rules',
  'print_all_events',
  'default_notifiers',
  'deduplication',
  'otel',
  'aws',
  'gcp',
  'minio',
  'notifiers',
]);

/** Sections accepted as they are, unused, when no loaded plugin owns them: published configurations carry them all. */
export const RESERVED_SECTIONS: readonly (readonly string[])[] = [
  ['kubeconfig'],
  ['namespace'],
  ['otel'],
  ['aws'],
  ['gcp'],
  ['minio'],
  ['notifiers', 'k8sevents'],
  ['notifiers', 'slack'],
  ['notifiers', 'smtp'],
  ['notifiers', 'webhook'],
  ['notifiers', 'loki'],
  ['notifiers', 'elasticsearch'],
];

/** Names that are more than another spelling of today's key. */
export const RENAMED: Readonly<Record<string, string>> = { rulesFile: 'rules_files', rules_file: 'rules_files' };
