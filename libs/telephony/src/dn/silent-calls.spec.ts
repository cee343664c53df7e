import { SilentCalls } from './silent-calls.js';

const item = (msg: string, ConnID: string) => ({ msg, ThisDN: '7001', ConnID });

it('a node is silent until it is back; that its data centre was cut off is told once, by its picture', () => {
  const calls = new SilentCalls();
  calls.silent('N3');
  calls.cutOff('N3', 'dc2');
  expect([calls.has('N3'), calls.has('N4')]).toEqual([true, false]);
  calls.back('N3');
  expect(calls.has('N3')).toBe(false);
  expect([calls.over('N3'), calls.over('N3')]).toEqual(['dc2', undefined]);
});

it('nothing goes on with a call that a client ended, until it begins anew or a picture has it', () => {
  const calls = new SilentCalls();
  for (const connID of ['a', 'b']) calls.endedByClient(connID);
  expect(['EventEstablished', 'EventHeld', 'EventReleased'].map((msg) => calls.isOfGhost(item(msg, 'a')))).toEqual([true, true, true]);
  expect(calls.isOfGhost(item('EventEstablished', 'c'))).toBe(false);
  expect(['EventRinging', 'EventEstablished'].map((msg) => calls.isOfGhost(item(msg, 'a')))).toEqual([false, false]);
  calls.toldAgain('b');
  expect(calls.isOfGhost(item('EventHeld', 'b'))).toBe(false);
});

it('remembers so many of them', () => {
  const calls = new SilentCalls();
  for (let n = 0; n < 65; n += 1) calls.endedByClient(`c${n}`);
  expect([calls.isOfGhost(item('EventHeld', 'c0')), calls.isOfGhost(item('EventHeld', 'c64'))]).toEqual([false, true]);
});
