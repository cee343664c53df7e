import { silentLog } from '#kernel';
import { Turns } from './turns.js';

function bench() {
  const said: string[] = [];
  const turns: Turns = new Turns(() => void said.push('settled'), silentLog);
  return { said, turns, say: (what: string) => turns.out(() => void said.push(what)) };
}

describe('Turns', () => {
  it('lets go at the end of the outermost turn, in order, after the state is handed over', () => {
    const { said, turns, say } = bench();
    turns.run(() => {
      say('one');
      turns.run(() => say('two'));
      said.push('at work');
      say('three');
    });
    expect(said).toEqual(['at work', 'settled', 'one', 'two', 'three']);
  });

  it('lets go at once outside of a turn, and hands over before', () => {
    const { said, say } = bench();
    say('one');
    expect(said).toEqual(['settled', 'one']);
  });

  it('what leaves may cause more: that is handed over first, too, and keeps its place', () => {
    const { said, turns, say } = bench();
    turns.run(() => {
      turns.out(() => turns.run(() => say('answer')));
      say('one');
    });
    expect(said).toEqual(['settled', 'one', 'settled', 'answer']);
  });

  it('a turn that throws lets go of what it had said; one that cannot leave does not keep the others', () => {
    const { said, turns, say } = bench();
    expect(() => turns.run(() => {
      turns.out(() => { throw new Error('no way'); });
      say('one');
      throw new Error('a bug');
    })).toThrow('a bug');
    expect(said).toEqual(['settled', 'one']);
    turns.run(() => say('next'));
    expect(said.slice(2)).toEqual(['settled', 'next']);
  });
});
