import { FaultBook } from './fault-book.js';
import { type FaultAction, subjectOf, type Topology } from './port.js';

function fake(fails: (action: FaultAction) => boolean = () => false) {
  const did: string[] = [];
  const topology: Topology = {
    kind: 'processes', config: '', members: [], links: [], refuses: () => undefined,
    perform: async (action) => {
      if (fails(action)) throw new Error('it is gone');
      did.push(`${action.kind} ${subjectOf(action)}`);
    },
  };
  return { did, book: new FaultBook(topology) };
}

it('undoes what is not undone, the last first', async () => {
  const { did, book } = fake();
  await book.perform([{ kind: 'cut', between: ['dc1', 'dc2'] }]);
  await book.perform([{ kind: 'pause', process: 'S' }]);
  await book.perform([{ kind: 'kill', process: 'P' }]);
  await book.perform([{ kind: 'start', process: 'P' }]);
  expect(await book.undoAll()).toEqual([]);
  expect(did.slice(4)).toEqual(['resume S', 'heal dc1 - dc2']);
  expect(book.open).toEqual([]);
});

it('also what failed half-way', async () => {
  let times = 0;
  const { did, book } = fake(({ kind }) => kind === 'kill' && (times += 1) === 1);
  await expect(book.perform([{ kind: 'kill', process: 'S' }])).rejects.toThrow('it is gone');
  await book.undoAll();
  expect(did).toEqual(['start S']);
});

it('gives a process its clock back', async () => {
  const { did, book } = fake();
  await book.perform([{ kind: 'terminate', process: 'S' }]);
  await book.perform([{ kind: 'startSkewed', process: 'S', offsetMs: 30_000 }]);
  await book.undoAll();
  expect(did.slice(2)).toEqual(['terminate S', 'start S']);
});

it('says what it could not undo, and undoes the rest', async () => {
  const { did, book } = fake(({ kind }) => kind === 'resume');
  await book.perform([{ kind: 'cut', between: ['dc1', 'dc2'] }]);
  await book.perform([{ kind: 'pause', process: 'S' }]);
  expect(await book.undoAll()).toEqual(['resume S: it is gone']);
  expect(did.at(-1)).toBe('heal dc1 - dc2');
});
