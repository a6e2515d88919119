import { expect, it } from 'vitest';
import { durableFiles } from './durable-files.ts';

const hex = (text: string) =>
  Array.from(Buffer.from(text), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
const write = (path: string, text: string, at: number, thread = 7) =>
  `${thread} pwrite64(21<${hex(path)}>, "${hex(text)}", ${text.length}, ${at}) = ${text.length}`;
const flush = (path: string, end = ') = 0 (DELAYED)', thread = 7) => `${thread} fdatasync(21<${hex(path)}>${end}`;

function left(lines: readonly string[], survives = false) {
  const disk = durableFiles(
    new Map([
      ['/db', Buffer.from('before')],
      ['/log', Buffer.alloc(0)],
    ]),
  );
  for (const line of lines) disk.trace(line);
  const { files, lost } = disk.cut(() => survives);
  return { db: files.get('/db')?.toString(), log: files.get('/log')?.toString(), lost };
}

it('keeps what was flushed, by file, and nothing else', () => {
  const lines = [
    write('/db', 'BE', 0),
    flush('/db'),
    write('/db', 'xx', 4),
    write('/log', 'log', 0),
    write('/b', 'x', 0),
  ];
  expect(left(lines)).toEqual({ db: 'BEfore', log: '', lost: 5 });
  expect(left([...lines, flush('/log')])).toEqual({ db: 'BEfore', log: 'log', lost: 2 });
  expect(left(lines, true)).toEqual({ db: 'BEfoxx', log: 'log', lost: 0 });
});

it('a flush counts when it has ended, for what was written before it began', () => {
  const begun = [write('/log', 'one', 0), flush('/log', ' <unfinished ...>')];
  const more = [...begun, write('/log', 'two', 3, 8)];
  expect(left(more)).toMatchObject({ log: '', lost: 6 });
  expect(left([...more, '7 <... fdatasync resumed>) = 0 (DELAYED)'])).toMatchObject({ log: 'one', lost: 3 });
  expect(left([...begun, '7 <... fdatasync resumed>) = ?'])).toMatchObject({ log: '' });
  expect(left([write('/log', 'one', 0), flush('/log', ') = -1 EIO (Input/output error)')])).toMatchObject({ log: '' });
});

it('writes that were interrupted, cuts and gaps', () => {
  const interrupted = write('/log', 'one', 2).replace(/\) = .*/, ' <unfinished ...>');
  const cut = `7 ftruncate(21<${hex('/db')}>, 2) = 0`;
  expect(left([interrupted, cut, flush('/log'), flush('/db')])).toEqual({ db: 'be', log: '\0\0one', lost: 0 });
  expect(left([cut])).toMatchObject({ db: 'before' });
});

it('loses sector by sector', () => {
  const disk = durableFiles(new Map([['/db', Buffer.alloc(0)]]));
  disk.trace(write('/db', 'x'.repeat(1200), 100));
  let n = 0;
  const { files, lost } = disk.cut(() => n++ === 1);
  expect([n, lost, files.get('/db')?.toString().lastIndexOf('\0'), files.get('/db')?.length]).toEqual([
    3, 688, 511, 1024,
  ]);
});
