/** https://github.com/falcosecurity/libs/blob/master/userspace/libsinsp/filter/parser.cpp: names, arguments, transformers */
const FIELD = /[A-Za-z]\w*(?:\.[A-Za-z]\w*)+(?:\[(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\][\s"']+)\])?/y;
const TRANSFORMER = /(?:tolower|toupper|b64|basename|len|join|concat|getopt)\(/y;
const QUOTED = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/y;

/**
 * The fields an alert carries for what stands in its rule's output: `%proc.name`, `%proc.aname[2]`, `%20proc.name`. Of
 * a transformer the fields in it, `proc.name` for `%toupper(proc.name)`: Falco leaves out the transformed value itself.
 * (Formatter: https://github.com/falcosecurity/libs/blob/master/userspace/libsinsp/eventformatter.cpp.)
 */
export function outputFields(output: string): string[] {
  const fields = new Set<string>();
  for (let at = output.indexOf('%'); at !== -1; at = output.indexOf('%', at)) {
    at += 1;
    while (/^\d$/.test(output[at] ?? '')) at += 1;
    const call = take(TRANSFORMER, output, at);
    const field = call === undefined ? take(FIELD, output, at) : undefined;
    if (call !== undefined) at = readArguments(output, at + call.length, fields);
    else if (field !== undefined) at += add(field, fields);
  }
  return [...fields];
}

/** Up to the parenthesis that closes the transformer. Texts in quotes are not fields. */
function readArguments(output: string, start: number, fields: Set<string>): number {
  let open = 1;
  let at = start;
  while (at < output.length && open > 0) {
    const quoted = take(QUOTED, output, at);
    const field = quoted === undefined ? take(FIELD, output, at) : undefined;
    if (quoted !== undefined) at += quoted.length;
    else if (field !== undefined) at += add(field, fields);
    else {
      // A quote that is never closed: Falco refuses the rule, and looking for its end again and again would be slow.
      if (output[at] === '"' || output[at] === "'") return output.length;
      if (output[at] === '(') open += 1;
      if (output[at] === ')') open -= 1;
      at += 1;
    }
  }
  return at;
}

function add(field: string, fields: Set<string>): number {
  // Since 0.41 it stands for nothing: the container plugin adds its fields itself (rule_loader_compiler.cpp).
  if (field !== 'container.info') fields.add(unquoted(field));
  return field.length;
}

/** One spelling for `proc.aname["2"]` and `proc.aname[2]`. */
export function unquoted(field: string): string {
  const [, name, , argument] = /^([^[]+)\[(["'])([^]*)\2\]$/.exec(field) ?? [];
  return name === undefined ? field : `${name}[${argument!.replaceAll(/\\(.)/g, '$1')}]`;
}

function take(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
