import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The language server behind YAML in VS Code, neovim and others, as a process that is talked to as editors do. */
export interface LanguageServer {
  /** Opens a document that seems to stand in this folder, and waits for what the server finds wrong in it. */
  open(directory: string, text: string): Promise<OpenDocument>;
  stop(): Promise<void>;
}

export interface OpenDocument {
  /** `3:7 message`, by line and column from 1. */
  readonly diagnostics: readonly string[];
  /** Line and character from 0. */
  complete(line: number, character: number): Promise<readonly string[]>;
  /** As Markdown; empty when there is nothing to show. */
  hover(line: number, character: number): Promise<string>;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}
interface Found {
  readonly uri: string;
  readonly diagnostics: readonly {
    readonly message: string;
    readonly range: { readonly start: { readonly line: number; readonly character: number } };
  }[];
}

// No list of schemas from the network.
const SETTINGS = { validate: true, completion: true, hover: true, schemaStore: { enable: false } };
const CAPABILITIES = {
  workspace: { configuration: true },
  textDocument: { completion: { completionItem: { snippetSupport: true, documentationFormat: ['markdown'] } } },
};

export async function startLanguageServer(): Promise<LanguageServer> {
  const program = createRequire(import.meta.url).resolve('yaml-language-server/bin/yaml-language-server');
  const child = spawn(process.execPath, [program, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const answers = new Map<number, (message: Message) => void>();
  const findings = new Map<string, (found: Found) => void>();
  let count = 0;

  const send = (message: Message) => {
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }));
    child.stdin.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]));
  };
  const request = async (method: string, params: unknown): Promise<unknown> => {
    const id = ++count;
    const answer = new Promise<Message>((resolve, reject) => {
      answers.set(id, resolve);
      void ended.then(() => reject(new Error(`the language server ended before it answered ${method}`)));
    });
    send({ id, method, params });
    const { result, error } = await answer;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  };
  child.stdout.on(
    'data',
    messageReader((message) => {
      const { id, method, params } = message;
      if (method === undefined) return answers.get(id!)?.(message);
      if (method === 'textDocument/publishDiagnostics') return findings.get((params as Found).uri)?.(params as Found);
      if (id !== undefined) send({ id, result: method === 'workspace/configuration' ? settingsFor(params) : null });
    }),
  );

  await request('initialize', { processId: process.pid, rootUri: null, capabilities: CAPABILITIES });
  send({ method: 'initialized', params: {} });
  return {
    async open(directory, text) {
      const uri = pathToFileURL(join(directory, `document-${++count}.yaml`)).href;
      const found = new Promise<Found>((resolve) => findings.set(uri, resolve));
      send({
        method: 'textDocument/didOpen',
        params: { textDocument: { uri, languageId: 'yaml', version: 1, text } },
      });
      const { diagnostics } = await found;
      const at = (line: number, character: number) => ({ textDocument: { uri }, position: { line, character } });
      return {
        diagnostics: diagnostics.map(
          ({ message, range: { start } }) => `${start.line + 1}:${start.character + 1} ${message}`,
        ),
        async complete(line, character) {
          const answer = await request('textDocument/completion', at(line, character));
          const items = (answer as { items?: unknown }).items ?? answer;
          return (items as readonly { label: string }[]).map(({ label }) => label);
        },
        async hover(line, character) {
          const answer = (await request('textDocument/hover', at(line, character))) as {
            contents: { value: string };
          } | null;
          return answer?.contents.value ?? '';
        },
      };
    },
    async stop() {
      child.kill();
      await ended;
    },
  };
}

function settingsFor(params: unknown): readonly unknown[] {
  const { items } = params as { items: readonly { section?: string }[] };
  return items.map(({ section }) => (section === 'yaml' ? SETTINGS : null));
}

/** Messages have a header with their length, as in HTTP. */
function messageReader(receive: (message: Message) => void): (chunk: Buffer) => void {
  let buffer: Buffer = Buffer.alloc(0);
  return (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    for (;;) {
      const end = buffer.indexOf('\r\n\r\n');
      if (end === -1) return;
      const length = Number(/Content-Length: (\d+)/.exec(buffer.toString('latin1', 0, end))?.[1]);
      const start = end + 4;
      if (buffer.length < start + length) return;
      const body = buffer.toString('utf8', start, start + length);
      buffer = buffer.subarray(start + length);
      receive(JSON.parse(body) as Message);
    }
  };
}
