/** Bytes of one value. A process cannot be given a variable of 128 KiB or more. */
export const VALUE_BYTES = 64 * 1024;
/** Bytes of all variables together; what a process can be given of variables and arguments is about 2 MB. */
export const ENVIRONMENT_BYTES = 512 * 1024;

const NAME = /^[A-Z_][A-Z0-9_]*$/;

/**
 * Names with a meaning for shells, the loader or usual programs. An alert with a field `path` or `ld_preload` must not
 * decide what a command is.
 */
const RESERVED = new RegExp(
  `^(?:${[
    // What shells, POSIX and not, read or set themselves.
    '_|PATH|HOME|PWD|OLDPWD|CDPATH|FPATH|IFS|ENV|SHELL|SHLVL|SHELLOPTS|EXECSHELL|ZDOTDIR|MODULE_PATH|(?:READ)?NULLCMD',
    'USER|USERNAME|LOGNAME|E?[UG]ID|PPID|PGRP|GROUPS|LINENO|RANDOM|SECONDS|OPTARG|OPTERR|OPTIND|REPLY|FUNCNAME|FUNCNEST',
    'GLOBIGNORE|FIGNORE|EXECIGNORE|IGNOREEOF|INPUTRC|POSIXLY_CORRECT|TIMEFORMAT|TMOUT|PROMPT_COMMAND|PS[0-9]',
    '(?:BASH|ZSH|KSH|YASH|HIST|BB_).*',
    // The loader, the C library, the terminal.
    'MAIL|MAILPATH|MAILCHECK|TERM|TERMINFO|TERMCAP|COLUMNS|LINES|TMP|TEMP|TMPDIR|TZ|TZDIR|LANG|LANGUAGE|NLSPATH|LOCPATH',
    'LIBPATH|SHLIB_PATH|GCONV_PATH|HOSTALIASES|RES_OPTIONS|LOCALDOMAIN|GETCONF_DIR|(?:LD|DYLD|LC|MALLOC|GLIBC)_?.*',
    // Languages.
    '(?:PYTHON|PERL|RUBY|GEM|BUNDLE|LUA|PHP|TCL|R_|DOTNET_|CORECLR_|COMPLUS_|JAVA_TOOL|_JAVA|JDK_JAVA|ERL_|CARGO_|RUST).*',
    'CLASSPATH|(?:JAVA|MAVEN|GRADLE|CATALINA|JVM)_OPTS|GO(?:FLAGS|DEBUG|TRACEBACK)|AWK(?:LIB)?PATH|MAKE(?:FLAGS|FILES)',
    'NODE_(?:OPTIONS|PATH|EXTRA_CA_CERTS|TLS_REJECT_UNAUTHORIZED|V8_COVERAGE|REPL_.*)|NPM_CONFIG_.*',
    // Where programs look, what they start, whom they trust.
    'PAGER|MANPAGER|EDITOR|VISUAL|BROWSER|VIMINIT|EXINIT|GREP_OPTIONS|.*_PROXY|KUBECONFIG|KUBERNETES_.*|DOCKER_.*',
    'AWS_(?:CONFIG_FILE|SHARED_CREDENTIALS_FILE|CA_BUNDLE|ENDPOINT_.*)|NETRC|KRB5.*|PG(?:HOST|PORT|PASSFILE|SERVICE.*|SYSCONFDIR)|PSQLRC',
    '(?:GIT|SSH|SUDO|SSL|SSLKEYLOG|OPENSSL|CURL|WGET|RSYNC|LESS|TAR|GZIP|XZ|ZSTD|DPKG|APT)_?.*',
  ].join('|')})$`,
);

export interface RemoteEnvironment {
  readonly exported: ReadonlyMap<string, string>;
  /** One sentence about the values that are not; undefined when all are. */
  readonly withheld: string | undefined;
}

/** What a command in a container may be given of the event's values. */
export function remoteEnvironment(tokens: ReadonlyMap<string, string>): RemoteEnvironment {
  const sized = Array.from(tokens, ([name, value]) => ({ name, value, bytes: Buffer.byteLength(value) }));
  const exported = new Map<string, string>();
  const withheld: string[] = [];
  let total = 0;
  // Small ones first: one endless command line must not displace the rest.
  for (const { name, value, bytes } of sized.toSorted((a, b) => a.bytes - b.bytes)) {
    const cost = name.length + bytes + 2;
    const why = refusal(name, value, bytes) ?? (total + cost > ENVIRONMENT_BYTES ? 'no room left' : undefined);
    if (why !== undefined) {
      withheld.push(`${name.slice(0, 64)} (${why})`);
      continue;
    }
    total += cost;
    exported.set(name, value);
  }
  return { exported, withheld: withheldText(withheld) };
}

function refusal(name: string, value: string, bytes: number): string | undefined {
  if (!NAME.test(name) || RESERVED.test(name)) return 'reserved name';
  if (bytes > VALUE_BYTES) return 'more than 64 KiB';
  return value.includes('\0') ? 'holds NUL' : undefined;
}

const MOST_NAMED = 5;

function withheldText(withheld: readonly string[]): string | undefined {
  if (withheld.length === 0) return undefined;
  const more = withheld.length - MOST_NAMED;
  return `not exported: ${withheld.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
