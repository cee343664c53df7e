import { readViews, viewOf } from './views.js';

const VIEWS = readViews(['10.0.0.0/8=dc1', '10.2.0.0/16=dc2', '10.2.7.9=dc1', '2001:db8:2::/48=dc2'], ['dc1', 'dc2']);

describe('the view of an asker', () => {
  it.each([
    ['10.1.2.3', 'dc1', 'the only network that holds it'],
    ['10.2.0.1', 'dc2', 'the smaller of two networks'],
    ['10.2.7.9', 'dc1', 'an address of its own'],
    ['2001:db8:2::53', 'dc2', 'a network of IPv6'],
    ['192.0.2.1', 'here', 'no network: the data centre of the server'],
    ['2001:db8:9::1', 'here', 'no network of its family'],
    ['', 'here', 'no address, as after a connection that is gone'],
  ])('%s is %s: %s', (address, expected) => {
    expect(viewOf(VIEWS, address, 'here')).toBe(expected);
  });

  it.each([
    ['10.1.0.0/16', "'10.1.0.0/16' must be a network and a data centre"],
    ['10.1.0.0/33=dc1', "'10.1.0.0/33=dc1' must be a network"],
    ['example=dc1', "'example=dc1' must be a network"],
    ['10.1.0.0/16=dc9', "'10.1.0.0/16=dc9' names no data centre; there are: dc1, dc2"],
  ])('%s is refused', (entry, message) => {
    expect(() => readViews([entry], ['dc1', 'dc2'])).toThrow(message);
  });
});
