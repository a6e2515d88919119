const connections = new WeakMap<object, object>();

/** What all views of one client have together: a key for what is remembered as long as the client lives. */
export function connectionOf(client: object): object {
  return connections.get(client) ?? client;
}

export function isViewOf(view: object, client: object): void {
  connections.set(view, connectionOf(client));
}
