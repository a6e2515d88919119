/**
 * The path and query of a request target (RFC 9112, 3.2), for everybody that judges or routes it: two readings of one target
 * would be a way past the door. In the absolute form, `http://host/path`, the host is not looked at, as in the header.
 * Undefined: it names no path (`*`, `host:443`), or a user.
 */
export function pathOfTarget(target: string): string | undefined {
  if (target.startsWith('/')) return target;
  const [, authority, rest] = /^https?:\/\/([^/?#]+)(.*)$/i.exec(target) ?? [];
  if (authority === undefined || rest === undefined || authority.includes('@')) return undefined;
  return rest.startsWith('/') ? rest : `/${rest}`;
}
